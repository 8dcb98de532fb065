import { type Address, addressBytes, familyOf } from '../../net/address.ts';
import type { BgpFamily } from '../config.ts';
import { asPathLength, neighborAS } from '../wire/as-path.ts';
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
 * One set of attributes from one peer, shared by all prefixes of a family that came with it, with the numbers that the decision
 * process compares worked out once.
 */
export interface Path {
  readonly source: PathSource;
  /** Of the prefixes that stand on it: the next hop does not tell (RFC 8950). */
  readonly family: BgpFamily;
  readonly attributes: PathAttributes;
  /** Absent for `local`. */
  readonly nextHop?: Address;
  readonly localPref: number;
  readonly asPathLength: number;
  readonly origin: number;
  /** The AS that MEDs are compared within; 0 stands for our own: the path is empty or starts with a set. */
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

export function makePath(
  source: PathSource,
  attributes: PathAttributes,
  nextHop?: Address,
  family: BgpFamily = nextHop?.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast',
): Path {
  const internal = source.kind === 'internal';
  return {
    source,
    family,
    attributes,
    ...(nextHop !== undefined && { nextHop }),
    // RFC 4271 §5.1.5: LOCAL_PREF from an external peer is ignored.
    localPref: internal ? (attributes.localPref ?? DEFAULT_LOCAL_PREF) : DEFAULT_LOCAL_PREF,
    asPathLength: asPathLength(attributes.asPath),
    origin: ORIGIN_RANK[attributes.origin],
    neighborAS: neighborAS(attributes.asPath) ?? 0,
    // RFC 4271 §9.1.2.2 (c): a path without MED counts as the lowest.
    med: attributes.med ?? 0,
    // RFC 4456 §9: ORIGINATOR_ID stands for the BGP Identifier where a reflector set it.
    originator: identifierNumber((internal ? attributes.originatorID : undefined) ?? source.routerID),
    clusterListLength: internal ? (attributes.clusterList?.length ?? 0) : 0,
  };
}

/** A BGP Identifier as the unsigned 32-bit number that RFC 6286 §2.1 says it is. */
export function identifierNumber(id: Address): number {
  return familyOf(id) === 4 ? addressBytes(id).reduce((sum, byte) => sum * 256 + byte, 0) : 0;
}
