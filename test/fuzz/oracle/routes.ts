import { toHex, u32 } from '../octets.ts';
import { IPV4 } from './terms.ts';

/** The attributes of a route that can be seen from outside. */
export interface RouteFacts {
  /** In hex; any of them. */
  readonly nextHops: readonly string[];
  /** All numbers, sets taken apart. */
  readonly asPath: readonly number[];
  readonly origin: number;
  readonly med: number | undefined;
  readonly localPref: number;
  /** RFC 1997 and RFC 8092, sorted. */
  readonly communities: readonly string[];
}

/** `undefined`: the route is not there. Several: the standards leave it open. */
export type Possible = readonly (RouteFacts | undefined)[];

/** Family, network in hex, length, path identifier unless it is 0, which people are not shown: `257 0a010000/16 #3`. */
export type RouteKey = string;

export const routeKey = (family: number, network: Uint8Array, length: number, pathID = 0): RouteKey =>
  `${family} ${toHex(network)}/${length}${pathID === 0 ? '' : ` #${pathID}`}`;

/** RFC 4271 §4.3, RFC 7911 §3. A text: it cannot be parsed (RFC 7606 §5.3). */
export function readPrefixes(bytes: Uint8Array, family: number, withPathID: boolean): RouteKey[] | string {
  const size = family === IPV4 ? 4 : 16;
  const keys: RouteKey[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const pathID = withPathID ? u32(rest, 0) : 0;
    if (withPathID) rest = rest.subarray(4);
    const [length] = rest;
    if (length === undefined) return 'no length';
    if (length > size * 8) return `length ${length}`;
    const octets = Math.ceil(length / 8);
    if (rest.length < 1 + octets) return 'cut off';
    const network = new Uint8Array(size);
    network.set(rest.subarray(1, 1 + octets));
    for (let bit = length; bit < octets * 8; bit++) {
      const at = bit >> 3;
      network[at] = (network[at] ?? 0) & ~(0x80 >> (bit & 7));
    }
    keys.push(routeKey(family, network, length, pathID));
    rest = rest.subarray(1 + octets);
  }
  return keys;
}

/** RFC 4271 §6.3: a route that no host can be behind SHOULD be ignored, so it may be there or not. */
export function isOddNetwork(key: RouteKey): boolean {
  const [family, network = ''] = key.split(' ');
  const first = Number.parseInt(network.slice(0, 2), 16);
  return Number(family) === IPV4
    ? first >= 224 || first === 127 || (first === 0 && !network.endsWith('/0'))
    : first === 0xff || network.startsWith('0000') || network.startsWith('fe8');
}
