import { isIdentifier } from './environment.ts';
import { CniError, cniCode } from './error.ts';
import { isObject, type JsonObject, listOf, textOf } from './json.ts';
import { implicitVersion } from './version.ts';

/** The stanza of one plugin as the runtime hands it over on stdin: what we understand of it. */
export interface NetworkConfig {
  readonly cniVersion: string;
  readonly name: string;
  /** 0 or absent: the agent decides. */
  readonly mtu?: number;
  /** The result of the plugin before us, unparsed. */
  readonly prevResult?: JsonObject;
  /** Handed through into the result. */
  readonly dns?: JsonObject;
  /** `runtimeConfig.ips`: addresses asked for, with or without prefix length. */
  readonly ips: readonly string[];
  /** GC only: what still lives. Absent: the caller did not say. */
  readonly validAttachments?: readonly { readonly containerID: string; readonly ifname: string }[];
}

/** Decoding and the checks on the name: codes 6 and 7, in this order. Unknown keys are kept out of the way. @throws CniError */
export function parseNetworkConfig(text: string): NetworkConfig {
  const config = decode(text);
  const name = textOf(config, 'name') ?? '';
  if (name === '') throw new CniError(cniCode.badConfig, 'missing network name');
  if (!isIdentifier(name)) {
    throw new CniError(
      cniCode.badConfig,
      'invalid characters found in network name',
      `name is ${JSON.stringify(name)}`,
    );
  }
  const cniVersion = textOf(config, 'cniVersion') ?? '';
  const mtu = parseMtu(config);
  const { prevResult, dns } = config;
  const validAttachments = parseValidAttachments(config);
  return {
    cniVersion: cniVersion === '' ? implicitVersion : cniVersion,
    name,
    ips: parseIps(config),
    ...(mtu === 0 ? {} : { mtu }),
    ...(isObject(prevResult) ? { prevResult } : {}),
    ...(isObject(dns) ? { dns } : {}),
    ...(validAttachments === undefined ? {} : { validAttachments }),
  };
}

function decode(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    throw new CniError(cniCode.decodingFailure, 'the network configuration is no JSON', reason);
  }
  if (!isObject(value))
    throw new CniError(cniCode.decodingFailure, 'the network configuration is no JSON object');
  for (const key of ['name', 'cniVersion']) {
    if (value[key] !== undefined && value[key] !== null && typeof value[key] !== 'string') {
      throw new CniError(cniCode.decodingFailure, `the network configuration's ${key} is no string`);
    }
  }
  return value;
}

/** 68 is the least that IPv4 may have (RFC 791), 65535 the most that veth takes. */
function parseMtu(config: JsonObject): number {
  const mtu = config['mtu'] ?? 0;
  if (mtu === 0) return 0;
  if (typeof mtu === 'number' && Number.isInteger(mtu) && mtu >= 68 && mtu <= 65_535) return mtu;
  throw new CniError(cniCode.badConfig, `mtu ${JSON.stringify(mtu)} is no whole number from 68 to 65535`);
}

function parseIps(config: JsonObject): readonly string[] {
  const runtimeConfig = config['runtimeConfig'];
  if (!isObject(runtimeConfig)) return [];
  return listOf(runtimeConfig, 'ips').filter((ip) => typeof ip === 'string');
}

/** Tags of the specification differ in the key: libcni 1.2.3 and later send both. */
function parseValidAttachments(config: JsonObject): NetworkConfig['validAttachments'] {
  const list = config['cni.dev/valid-attachments'] ?? config['cni.dev/attachments'];
  if (!Array.isArray(list)) return undefined;
  return list.filter(isObject).map((entry) => ({
    containerID: textOf(entry, 'containerID') ?? '',
    ifname: textOf(entry, 'ifname') ?? '',
  }));
}
