/** RFC 1997: 32 bits, AS in the upper half. */
export type Community = number;

/** RFC 4360: 64 bits, type in the upper octets. */
export type ExtendedCommunity = bigint;

/** RFC 8092: three numbers of 32 bits. */
export interface LargeCommunity {
  readonly global: number;
  readonly local1: number;
  readonly local2: number;
}

/** IANA "BGP Well-known Communities", by the names of the registry. */
export const WELL_KNOWN_COMMUNITIES = {
  /** RFC 8326. */
  'graceful-shutdown': 0xffff0000,
  /** RFC 7611. */
  'accept-own': 0xffff0001,
  /** RFC 9494. */
  'llgr-stale': 0xffff0006,
  'no-llgr': 0xffff0007,
  /** RFC 7999. */
  blackhole: 0xffff029a,
  /** RFC 1997. */
  'no-export': 0xffffff01,
  'no-advertise': 0xffffff02,
  'no-export-subconfed': 0xffffff03,
  /** RFC 3765. */
  'no-peer': 0xffffff04,
} as const satisfies Readonly<Record<string, Community>>;

const NAME_OF: ReadonlyMap<Community, string> = new Map(
  Object.entries(WELL_KNOWN_COMMUNITIES).map(([name, value]) => [value, name]),
);
const VALUE_OF: ReadonlyMap<string, Community> = new Map(Object.entries(WELL_KNOWN_COMMUNITIES));

/** `no-export`, or `65000:1`. */
export function communityText(value: Community): string {
  return NAME_OF.get(value) ?? `${value >>> 16}:${value & 0xffff}`;
}

/** The inverse of `communityText`; undefined when `text` is no community. */
export function parseCommunity(text: string): Community | undefined {
  const named = VALUE_OF.get(text);
  if (named !== undefined) return named;
  const parts = parseNumbers(text, [0xffff, 0xffff]);
  return parts === undefined ? undefined : (parts[0] ?? 0) * 0x10000 + (parts[1] ?? 0);
}

/** `65000:1:2`. */
export const largeCommunityText = (c: LargeCommunity): string => `${c.global}:${c.local1}:${c.local2}`;

/** RFC 8092 §4: three decimal numbers. */
export function parseLargeCommunity(text: string): LargeCommunity | undefined {
  const [global, local1, local2] = parseNumbers(text, [0xffffffff, 0xffffffff, 0xffffffff]) ?? [];
  if (global === undefined || local1 === undefined || local2 === undefined) return undefined;
  return { global, local1, local2 };
}

/** Decimal numbers with colons between them, each at most its limit. */
function parseNumbers(text: string, limits: readonly number[]): readonly number[] | undefined {
  const parts = text.split(':');
  if (parts.length !== limits.length || !parts.every((p) => /^(0|[1-9]\d{0,9})$/.test(p))) return undefined;
  const numbers = parts.map(Number);
  return numbers.every((n, i) => n <= (limits[i] ?? 0)) ? numbers : undefined;
}

/** RFC 4360 §4, §5: subtypes of the AS and address specific types. */
const SUBTYPES: ReadonlyMap<number, string> = new Map([
  [0x02, 'rt'],
  [0x03, 'soo'],
]);

/** `rt:65000:100`, `soo:192.0.2.1:1` (RFC 4360, RFC 5668); others as `0x` and 16 digits. */
export function extendedCommunityText(value: ExtendedCommunity): string {
  const type = Number(value >> 56n);
  const subtype = SUBTYPES.get(Number((value >> 48n) & 0xffn));
  const upper = Number((value >> 16n) & 0xffffffffn);
  const lower = Number(value & 0xffffn);
  if (subtype !== undefined) {
    if (type === 0) return `${subtype}:${upper >>> 16}:${Number(value & 0xffffffffn)}`;
    if (type === 1) return `${subtype}:${dotted(upper)}:${lower}`;
    if (type === 2) return `${subtype}:${upper}:${lower}`;
  }
  return `0x${value.toString(16).padStart(16, '0')}`;
}

const dotted = (value: number): string =>
  [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff].join('.');

/** RFC 4360 §2: bit T clear: may go to other ASes. */
export const isTransitive = (value: ExtendedCommunity): boolean => ((value >> 62n) & 1n) === 0n;
