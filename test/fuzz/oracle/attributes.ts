import { u16, u32 } from '../octets.ts';
import { mergePaths, numbers, readPath, type Segment } from './as-path.ts';
import { type Ending, ending } from './ending.ts';
import type { Terms } from './terms.ts';

/** What an error may lead to: 0 nothing but the loss of the attribute, 1 treat-as-withdraw, 2 the end of the session. */
export type Level = 0 | 1 | 2;

/** One thing wrong with an UPDATE: the mildest and the strictest answer that the standards allow. */
export interface Fault {
  readonly least: Level;
  readonly most: Level;
  /** What is said where the session ends for it. */
  readonly endings: readonly Ending[];
}

/** One path attribute as it stands in the message. */
export interface RawAttribute {
  readonly flags: number;
  readonly type: number;
  readonly value: Uint8Array;
  /** All of it: what a NOTIFICATION quotes. */
  readonly raw: Uint8Array;
}

/** RFC 4271 §4.3 with the two cases of RFC 7606 §4. */
export function splitAttributes(bytes: Uint8Array): {
  readonly all: readonly RawAttribute[];
  readonly faults: readonly Fault[];
} {
  const all: RawAttribute[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const [flags = 0, type] = rest;
    const long = (flags & 0x10) !== 0;
    const head = long ? 4 : 3;
    const length = long ? u16(rest, 2) : (rest[2] ?? 0);
    if (rest.length < head || rest.length < head + length) {
      // What stands in an attribute that carries routes is lost with it, so that nothing could be withdrawn (§3 (j)).
      const carriesRoutes = type === 14 || type === 15;
      const endings = [1, 5, 9].map((subcode) => ending('RFC 7606 §4', 3, subcode));
      return {
        all,
        faults: [
          { least: 1, most: carriesRoutes ? 2 : 1, endings: carriesRoutes ? endings : endings.slice(0, 1) },
        ],
      };
    }
    all.push({
      flags,
      type: type ?? 0,
      value: rest.subarray(head, head + length),
      raw: rest.slice(0, head + length),
    });
    rest = rest.subarray(head + length);
  }
  return { all, faults: [] };
}

/** Optional and transitive bits, RFC 4271 §5, RFC 4760, RFC 1997, RFC 4456, RFC 4360, RFC 6793, RFC 8092, RFC 9234. */
const FLAGS: Readonly<Record<number, number>> = {
  1: 0x40,
  2: 0x40,
  3: 0x40,
  4: 0x80,
  5: 0x40,
  6: 0x40,
  7: 0xc0,
  8: 0xc0,
  9: 0x80,
  10: 0x80,
  14: 0x80,
  15: 0x80,
  16: 0xc0,
  17: 0xc0,
  18: 0xc0,
  32: 0xc0,
  35: 0xc0,
};

/** What the good attributes of a message say; absent where one is not there or no good. */
export interface Facts {
  origin?: number;
  asPath?: readonly Segment[];
  nextHop?: Uint8Array;
  med?: number;
  localPref?: number;
  aggregatorAS?: number;
  as4Path?: readonly Segment[];
  as4Aggregator?: boolean;
  communities: string[];
}

/** Everything but the two attributes that carry routes: RFC 7606 §3 and §7 by attribute. `onlyMP`: all routes are in MP_REACH_NLRI. */
export function judgeAttributes(
  all: readonly RawAttribute[],
  terms: Terms,
  onlyMP: boolean,
): { readonly facts: Facts; readonly faults: readonly Fault[] } {
  const facts: Facts = { communities: [] };
  const faults: Fault[] = [];
  const seen = new Set<number>();
  for (const attribute of all) {
    const { type } = attribute;
    // RFC 7606 §3 (g)
    if (seen.has(type) || type === 14 || type === 15) continue;
    seen.add(type);
    faults.push(...judgeAttribute(attribute, terms, onlyMP, facts));
  }
  return { facts, faults };
}

function judgeAttribute(attribute: RawAttribute, terms: Terms, onlyMP: boolean, facts: Facts): Fault[] {
  const { flags, type, raw } = attribute;
  // RFC 4760 §3: NEXT_HOP beside MP_REACH_NLRI alone is ignored.
  if (type === 3 && onlyMP) return [];
  const wanted = FLAGS[type];
  if (wanted === undefined) {
    // RFC 4271 §6.3: only what is optional may be unknown.
    if ((flags & 0x80) !== 0) return [];
    return [{ least: 2, most: 2, endings: [ending('RFC 4271 §6.3', 3, 2, raw)] }];
  }
  const useless =
    (terms.external && [5, 9, 10].includes(type)) || (terms.fourOctets && [17, 18].includes(type));
  if ((flags & 0xc0) !== wanted) {
    // RFC 7606 §3 (c) withdraws, (f) discards the aggregation's, the sections of the useless ones and RFC 6793 §6 discard theirs.
    const least = useless || [6, 7, 17, 18].includes(type) ? 0 : 1;
    return [{ least, most: 1, endings: [ending('RFC 4271 §6.3', 3, 4, raw), ...valueEndings(attribute)] }];
  }
  if (useless) return [];
  if (readValue(attribute, terms, facts)) {
    // RFC 4271 §6.3: whether an address of a reserved block can be a host's is a matter of opinion.
    const doubtful = type === 3 && isHost4(attribute.value) === 'perhaps';
    return doubtful ? [{ least: 0, most: 1, endings: valueEndings(attribute) }] : [];
  }
  // RFC 7606 §7.6, §7.7, RFC 6793 §6
  const level = [6, 7, 17, 18].includes(type) ? 0 : 1;
  return [{ least: level, most: level, endings: valueEndings(attribute) }];
}

/** RFC 4271 §6.3: what a bad value is called; a length may be called that, or by the attribute's own name. */
function valueEndings({ type, raw, value }: RawAttribute): Ending[] {
  const rule = 'RFC 4271 §6.3';
  const length = ending(rule, 3, 5, raw);
  switch (type) {
    case 1:
      return [value.length === 1 ? ending(rule, 3, 6, raw) : length];
    case 2:
      return [ending(rule, 3, 11), length];
    case 3:
      return [value.length === 4 ? ending(rule, 3, 8, raw) : length];
    case 4:
    case 5:
      return [length];
    default:
      return [length, ending(rule, 3, 9, raw)];
  }
}

/** Whether the value is a good one; what it says goes into `facts`. */
function readValue({ type, value }: RawAttribute, { fourOctets }: Terms, facts: Facts): boolean {
  const { length } = value;
  const size = fourOctets ? 4 : 2;
  switch (type) {
    case 1:
      facts.origin = value[0] ?? 3;
      return (length === 1 && facts.origin <= 2) || forget(facts, 'origin');
    case 2:
      return keepPath(readPath(value, size), (path) => (facts.asPath = path));
    case 3:
      facts.nextHop = value;
      return (length === 4 && isHost4(value) !== 'no') || forget(facts, 'nextHop');
    case 4:
      facts.med = u32(value, 0);
      return length === 4 || forget(facts, 'med');
    case 5:
      facts.localPref = u32(value, 0);
      return length === 4 || forget(facts, 'localPref');
    case 6:
      return length === 0;
    case 7:
      facts.aggregatorAS = size === 4 ? u32(value, 0) : u16(value, 0);
      return (length === size + 4 && facts.aggregatorAS !== 0) || forget(facts, 'aggregatorAS');
    case 8:
      facts.communities.push(...texts(value, 4, (c) => `${u16(c, 0)}:${u16(c, 2)}`));
      return length > 0 && length % 4 === 0;
    case 9:
    case 35:
      return length === 4;
    case 10:
      return length > 0 && length % 4 === 0;
    case 16:
      return length > 0 && length % 8 === 0;
    case 17:
      return length > 0 && keepPath(readPath(value, 4, true), (path) => (facts.as4Path = path));
    case 18:
      facts.as4Aggregator = length === 8 && u32(value, 0) !== 0;
      return facts.as4Aggregator;
    case 32:
      facts.communities.push(...texts(value, 12, (c) => `${u32(c, 0)}:${u32(c, 4)}:${u32(c, 8)}`));
      return length > 0 && length % 12 === 0;
    default:
      return true;
  }
}

function forget(facts: Facts, key: keyof Facts): false {
  delete facts[key];
  return false;
}

function keepPath(path: Segment[] | string, keep: (path: Segment[]) => void): boolean {
  if (typeof path === 'string') return false;
  keep(path);
  return true;
}

const texts = (value: Uint8Array, size: number, text: (item: Uint8Array) => string): string[] =>
  Array.from({ length: Math.floor(value.length / size) }, (_, i) => text(value.subarray(i * size)));

/** RFC 4271 §6.3, "a valid IP host address"; of the reserved blocks people think differently. */
export function isHost4(address: Uint8Array): 'yes' | 'no' | 'perhaps' {
  const [first = 0] = address;
  if (u32(address, 0) === 0 || u32(address, 0) === 0xffffffff || (first >= 224 && first < 240)) return 'no';
  return first === 0 || first === 127 || first >= 240 ? 'perhaps' : 'yes';
}

/** RFC 6793 §4.2.3. */
export function wholePath({ asPath = [], as4Path, aggregatorAS, as4Aggregator }: Facts): readonly number[] {
  const outdated = as4Aggregator === true && aggregatorAS !== undefined && aggregatorAS !== 23456;
  return as4Path === undefined || outdated ? numbers(asPath) : mergePaths(asPath, as4Path);
}
