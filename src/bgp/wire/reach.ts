import { u8, u16 } from './bytes.ts';
import { type AnyFamily, familyFromWire, isKnownFamily } from './family.ts';
import type { Nlri, WireContext } from './message.ts';
import { decodeNextHop, type NextHop } from './next-hop.ts';
import { decodeNlri } from './nlri.ts';

/** AFI and SAFI; and before the prefixes of MP_REACH_NLRI at least the next hop's length and the reserved octet. */
const FAMILY_LENGTH = 3;
const MIN_REACH_LENGTH = 5;

/** MP_REACH_NLRI of a family of the session. */
export interface Reach {
  readonly kind: 'reach';
  readonly routes: Nlri;
  readonly hop: NextHop;
}

/** MP_UNREACH_NLRI of a family of the session. */
export interface Unreach {
  readonly kind: 'unreach';
  readonly routes: Nlri;
}

/** Of a family that is not exchanged on this session: its prefixes are not even parsed, their form may be anything. */
export interface ForeignFamily {
  readonly kind: 'foreign';
  readonly family: AnyFamily;
}

/** Why the prefixes cannot be located. RFC 7606 §5.3, §7.11 and §7.12: the session must end. */
export interface Unlocatable {
  readonly kind: 'unlocatable';
  readonly text: string;
}

const unlocatable = (text: string): Unlocatable => ({ kind: 'unlocatable', text });

/** MP_REACH_NLRI, RFC 4760 §3, in `bytes[start, end)`. */
export function decodeReach(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: WireContext,
): Reach | ForeignFamily | Unlocatable {
  if (end - start < MIN_REACH_LENGTH)
    return unlocatable(`length ${end - start} is less than ${MIN_REACH_LENGTH}`);
  const family = familyFromWire(u16(bytes, start), u8(bytes, start + 2));
  const hopLength = u8(bytes, start + 3);
  const hopAt = start + 4;
  const prefixesAt = hopAt + hopLength + 1;
  if (prefixesAt > end) return unlocatable(`a next hop of ${hopLength} octets ends after the attribute`);
  if (!isKnownFamily(family) || !context.families.includes(family)) return { kind: 'foreign', family };
  const hop = decodeNextHop(bytes, hopAt, hopLength, family, context.extendedNextHop);
  if (hop === undefined) return unlocatable(`next hop of ${hopLength} octets for ${family}`);
  const addPath = context.addPathReceive.includes(family);
  const routes = decodeNlri(bytes, prefixesAt, end, family, addPath);
  return typeof routes === 'string' ? unlocatable(routes) : { kind: 'reach', routes, hop };
}

/** MP_UNREACH_NLRI, RFC 4760 §4, in `bytes[start, end)`. */
export function decodeUnreach(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: WireContext,
): Unreach | ForeignFamily | Unlocatable {
  if (end - start < FAMILY_LENGTH) return unlocatable(`length ${end - start} is less than ${FAMILY_LENGTH}`);
  const family = familyFromWire(u16(bytes, start), u8(bytes, start + 2));
  if (!isKnownFamily(family) || !context.families.includes(family)) return { kind: 'foreign', family };
  const addPath = context.addPathReceive.includes(family);
  const routes = decodeNlri(bytes, start + FAMILY_LENGTH, end, family, addPath);
  return typeof routes === 'string' ? unlocatable(routes) : { kind: 'unreach', routes };
}
