import { toHex, u16 } from '../octets.ts';
import { commonFamilies, type Opened, type RawCapability } from './open.ts';

/** AFI times 256 plus SAFI. */
export const IPV4 = 0x101;
export const IPV6 = 0x201;

/** What two OPENs agree on, for what one side receives. */
export interface Terms {
  readonly external: boolean;
  readonly fourOctets: boolean;
  readonly families: readonly number[];
  /** Families whose prefixes come with a path identifier. */
  readonly withPathID: readonly number[];
  /** IPv4 over IPv6 next hops, RFC 8950. */
  readonly extendedNextHop: boolean;
  /** RFC 7313. */
  readonly enhancedRefresh: boolean;
  /** RFC 4724: routes of these families may be kept when the connection is lost. */
  readonly kept: readonly number[];
  /** RFC 8538: also after a NOTIFICATION. */
  readonly keptAfterNotification: boolean;
  /** Seconds; 0: never. */
  readonly holdTime: number;
  /** The peer has said that it takes long messages. */
  readonly longOut: boolean;
}

const has = (open: Opened, code: number): boolean => open.capabilities.some((c) => c.code === code);

const inChunks = ({ value }: RawCapability, size: number, from = 0): Uint8Array[] =>
  Array.from({ length: Math.floor((value.length - from) / size) }, (_, i) =>
    value.subarray(from + i * size, from + (i + 1) * size),
  );

const chunksOf = (open: Opened, code: number, size: number, from = 0): Uint8Array[] =>
  open.capabilities.filter((c) => c.code === code).flatMap((c) => inChunks(c, size, from));

const familyOf = (chunk: Uint8Array): number => u16(chunk, 0) * 256 + (chunk[2] ?? 0);

/** Whether a capability is there twice and not alike, where no standard says which of them counts. */
export const contradicts = ({ capabilities }: Opened): boolean =>
  [5, 9, 64, 65, 69, 71].some((code) => {
    const values = capabilities.filter((c) => c.code === code).map((c) => toHex(c.value));
    return new Set(values).size > 1;
  });

export function agree(local: Opened, remote: Opened): Terms {
  const families = commonFamilies(local, remote);
  const supported = families.filter((f) => f === IPV4 || f === IPV6);
  return {
    external: local.as !== remote.as,
    fourOctets: has(local, 65) && has(remote, 65),
    families: supported,
    // RFC 7911 §4: 1 receives, 2 sends, 3 both.
    withPathID: supported.filter((f) => addPath(local, f, [1, 3]) && addPath(remote, f, [2, 3])),
    extendedNextHop: [local, remote].every((open) =>
      chunksOf(open, 5, 6).some((c) => u16(c, 0) === 1 && u16(c, 2) === 1 && u16(c, 4) === 2),
    ),
    enhancedRefresh: has(local, 70) && has(remote, 70),
    kept: has(local, 64) ? chunksOf(remote, 64, 4, 2).map(familyOf) : [],
    keptAfterNotification: [local, remote].every((open) =>
      open.capabilities.some((c) => c.code === 64 && ((c.value[0] ?? 0) & 0x40) !== 0),
    ),
    holdTime: Math.min(local.holdTime, remote.holdTime),
    longOut: has(remote, 6),
  };
}

const addPath = (open: Opened, family: number, modes: readonly number[]): boolean =>
  modes.includes(chunksOf(open, 69, 4).find((c) => familyOf(c) === family)?.[3] ?? 0);
