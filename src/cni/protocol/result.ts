import { CniError, cniCode } from './error.ts';
import { isObject, type JsonObject, listOf, numberOf, textOf } from './json.ts';
import { atLeast, type CniVersion } from './version.ts';

/** CNI 1.1.0 §Add Success. Texts are kept as they came: a result of another plugin is handed on, not judged. */
export interface CniResult {
  readonly interfaces: readonly CniInterface[];
  readonly ips: readonly CniIp[];
  readonly routes: readonly CniRoute[];
  readonly dns?: JsonObject;
}

export interface CniInterface {
  readonly name: string;
  readonly mac?: string;
  /** CNI_NETNS, literally; absent: in the host. */
  readonly sandbox?: string;
  /** The following three exist since 1.1.0. */
  readonly mtu?: number;
  readonly socketPath?: string;
  readonly pciID?: string;
}

export interface CniIp {
  /** With prefix length. */
  readonly address: string;
  readonly gateway?: string;
  /** Index into `interfaces`. */
  readonly interface?: number;
}

export interface CniRoute {
  readonly dst: string;
  readonly gw?: string;
  /** The following five exist since 1.1.0. */
  readonly mtu?: number;
  readonly advmss?: number;
  readonly priority?: number;
  readonly table?: number;
  readonly scope?: number;
}

/** The result as the caller's version of the specification writes it, one line. */
export function renderResult(result: CniResult, version: CniVersion): string {
  const modern = atLeast(version, '1.1.0');
  const withFamily = !atLeast(version, '1.0.0');
  const routes = result.routes.map(
    modern ? (r: CniRoute) => r : ({ dst, gw }: CniRoute) => definedOnly({ dst, gw }),
  );
  return `${JSON.stringify({
    cniVersion: version,
    interfaces: result.interfaces.map((i) => renderInterface(i, modern)),
    ips: result.ips.map((ip) => (withFamily ? { version: ip.address.includes(':') ? '6' : '4', ...ip } : ip)),
    ...(routes.length === 0 ? {} : { routes }),
    ...(result.dns === undefined ? {} : { dns: result.dns }),
  })}\n`;
}

function renderInterface(link: CniInterface, modern: boolean): object {
  const { name, mac, sandbox } = link;
  return modern ? link : definedOnly({ name, mac, sandbox });
}

const definedOnly = (object: object): object =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

/**
 * The result of the plugin before us, of any version that we speak. Fields that no version knows are dropped, as the
 * reference library does.
 * @throws CniError 6
 */
export function parseResult(value: JsonObject): CniResult {
  const { dns } = value;
  return {
    interfaces: listOf(value, 'interfaces').map(parseInterface),
    ips: listOf(value, 'ips').map(parseIp),
    routes: listOf(value, 'routes').map(parseRoute),
    ...(isObject(dns) ? { dns } : {}),
  };
}

function parseInterface(value: unknown): CniInterface {
  const link = needObject(value, 'interfaces');
  const optional = { mac: textOf(link, 'mac'), mtu: numberOf(link, 'mtu'), sandbox: textOf(link, 'sandbox') };
  const rest = { socketPath: textOf(link, 'socketPath'), pciID: textOf(link, 'pciID') };
  return { name: needText(link, 'interfaces', 'name'), ...definedOnly({ ...optional, ...rest }) };
}

function parseIp(value: unknown): CniIp {
  const ip = needObject(value, 'ips');
  const optional = { gateway: textOf(ip, 'gateway'), interface: numberOf(ip, 'interface') };
  return { address: needText(ip, 'ips', 'address'), ...definedOnly(optional) };
}

function parseRoute(value: unknown): CniRoute {
  const route = needObject(value, 'routes');
  const numbers = ['mtu', 'advmss', 'priority', 'table', 'scope'].map((key) => [key, numberOf(route, key)]);
  const optional = { gw: textOf(route, 'gw'), ...Object.fromEntries(numbers) };
  return { dst: needText(route, 'routes', 'dst'), ...definedOnly(optional) };
}

function needObject(value: unknown, list: string): JsonObject {
  if (isObject(value)) return value;
  throw new CniError(cniCode.decodingFailure, `an entry of prevResult.${list} is no object`);
}

function needText(object: JsonObject, list: string, key: string): string {
  const value = textOf(object, key);
  if (value !== undefined) return value;
  throw new CniError(cniCode.decodingFailure, `an entry of prevResult.${list} has no ${key}`);
}

/**
 * Hands on the result of the plugin before us and adds our own interfaces and addresses behind it, their indexes moved;
 * nothing of the earlier plugin is changed. Its `dns` wins.
 */
export function appendResult(previous: CniResult, own: CniResult): CniResult {
  const shift = previous.interfaces.length;
  const ips = own.ips.map((ip) =>
    ip.interface === undefined ? ip : { ...ip, interface: ip.interface + shift },
  );
  const dns = previous.dns ?? own.dns;
  return {
    interfaces: [...previous.interfaces, ...own.interfaces],
    ips: [...previous.ips, ...ips],
    routes: [...previous.routes, ...own.routes],
    ...(dns === undefined ? {} : { dns }),
  };
}
