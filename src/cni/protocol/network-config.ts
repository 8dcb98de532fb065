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
  /** Addresses asked for, with or without prefix length: `runtimeConfig.ips`, else an annotation of the pod. */
  readonly ips: readonly string[];
  /** Whether the pod may forward packets between interfaces of its own; false if absent. */
  readonly allowIpForwarding: boolean;
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
    allowIpForwarding: parseSwitch(config, 'allow_ip_forwarding'),
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
  const ips = listOf(runtimeConfig, 'ips').filter((ip) => typeof ip === 'string');
  return ips.length > 0 ? ips : annotatedIps(runtimeConfig['io.kubernetes.cri.pod-annotations']);
}

/** The second one is Calico's, so that pods need not be changed when a cluster moves. */
const addressAnnotations = ['gryphon.dev/ip-addresses', 'cni.projectcalico.org/ipAddrs'];

/** A JSON list of texts, as Calico has it, or texts with commas between them. @throws CniError 7 */
function annotatedIps(annotations: unknown): readonly string[] {
  if (!isObject(annotations)) return [];
  const name = addressAnnotations.find((candidate) => textOf(annotations, candidate) !== undefined);
  const text = name === undefined ? '' : (textOf(annotations, name) ?? '').trim();
  if (!text.startsWith('[')) {
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }
  const list = parseTextList(text);
  if (list !== undefined) return list;
  throw new CniError(cniCode.badConfig, `the annotation ${name} is no list of addresses`, text);
}

function parseTextList(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

/** libcni takes the texts "true" and "false" for booleans too. @throws CniError 7 */
function parseSwitch(config: JsonObject, key: string): boolean {
  const value = config[key] ?? false;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new CniError(cniCode.badConfig, `${key} ${JSON.stringify(value)} is neither true nor false`);
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
