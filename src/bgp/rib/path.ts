import { type Address, addressBytes, familyOf } from '../../net/address.ts';
import type { AsPath } from '../wire/as-path.ts';
import type { Origin, PathAttributes } from '../wire/attributes/attributes.ts';

/** Who told us a path, as far as the decision process asks. */
export interface PathSource {
  /** Peer name, or `local`. */
  readonly name: string;
  /** `local`: this node originates it; `internal`: a peer in our AS. */
  readonly kind: 'local' | 'internal' | 'external';
  /** The peer's BGP Identifier. */
  readonly routerID: Address;
  /** The peer's address; absent for `local`. */
  readonly address?: Address;
}

/**
 * One set of attributes from one peer, shared by all prefixes that came with it, with the numbers that the decision process
 * compares worked out once.
 */
export interface Path {
  readonly source: PathSource;
  readonly attributes: PathAttributes;
  /** Absent for `local`. */
  readonly nextHop?: Address;
  readonly localPref: number;
  readonly asPathLength: number;
  readonly origin: number;
  /** The AS that MEDs are compared within; 0 stands for our own. */
  readonly neighborAS: number;
  readonly med: number;
  /** Of the router that brought the route into our AS, as a number. */
  readonly originator: number;
  readonly clusterListLength: number;
}

/** RFC 4271 §9.1.1: what a path without LOCAL_PREF, or from an external peer, is worth. */
export const DEFAULT_LOCAL_PREF = 100;

/** RFC 4271 §9.1.2.2 (b): the lower, the better. */
const ORIGIN_RANK: Readonly<Record<Origin, number>> = { igp: 0, egp: 1, incomplete: 2 };

export function makePath(source: PathSource, attributes: PathAttributes, nextHop?: Address): Path {
  const internal = source.kind === 'internal';
  return {
    source,
    attributes,
    ...(nextHop !== undefined && { nextHop }),
    // RFC 4271 §5.1.5: LOCAL_PREF from an external peer is ignored.
    localPref: internal ? (attributes.localPref ?? DEFAULT_LOCAL_PREF) : DEFAULT_LOCAL_PREF,
    asPathLength: asPathLength(attributes.asPath),
    origin: ORIGIN_RANK[attributes.origin],
    neighborAS: neighborAS(attributes.asPath),
    // RFC 4271 §9.1.2.2 (c): a path without MED counts as the lowest.
    med: attributes.med ?? 0,
    // RFC 4456 §9: ORIGINATOR_ID stands for the BGP Identifier where a reflector set it.
    originator: identifierNumber((internal ? attributes.originatorID : undefined) ?? source.routerID),
    clusterListLength: internal ? (attributes.clusterList?.length ?? 0) : 0,
  };
}

/** RFC 4271 §9.1.2.2 (a): an AS_SET counts as one; RFC 5065 §5.3: confederation segments count nothing. */
function asPathLength(path: AsPath): number {
  let length = 0;
  for (const segment of path) {
    if (segment.kind === 'sequence') length += segment.asns.length;
    else if (segment.kind === 'set') length += 1;
  }
  return length;
}

/** RFC 4271 §9.1.2.2 (c): the first AS of the path; our own (0) where it is empty or starts with an AS_SET. */
function neighborAS(path: AsPath): number {
  const first = path.find((s) => s.kind === 'sequence' || s.kind === 'set');
  return first?.kind === 'sequence' ? (first.asns[0] ?? 0) : 0;
}

/** A BGP Identifier as the unsigned 32-bit number that RFC 6286 §2.1 says it is. */
export function identifierNumber(id: Address): number {
  return familyOf(id) === 4 ? addressBytes(id).reduce((sum, byte) => sum * 256 + byte, 0) : 0;
}

/** All AS numbers of a path in order, for people: sets and confederations are flattened. */
export const asNumbers = (path: AsPath): readonly number[] => path.flatMap((s) => s.asns);
