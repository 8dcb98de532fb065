import type { Address } from '../../net/address.ts';
import type { BgpFamily } from '../config.ts';
import { asPathLength, neighborAS } from '../wire/as-path.ts';
import type { Origin, PathAttributes } from '../wire/attributes/attributes.ts';
import { identifierNumber } from '../wire/identifier.ts';
import { hasCommunity } from './community-set.ts';

/** What the configuration says of whoever told us a path: it may change while the path is there. */
export interface SourceConfig {
  /** It is our client, RFC 4456 §6: what it tells goes to all internal peers. */
  readonly reflectorClient?: boolean | undefined;
  /** Name of the link through which it is reached, where a filter asks for it. */
  readonly link?: string | undefined;
}

/** Who told us a path, as far as policy and decision ask. All paths of a peer share one, which is never another one's. */
export interface PathSource extends SourceConfig {
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
 * process compares worked out once. Never changed: policy derives others (`revisePath`).
 */
export interface Path {
  readonly source: PathSource;
  /** Of the prefixes that stand on it: the next hop does not tell (RFC 8950). */
  readonly family: BgpFamily;
  readonly attributes: PathAttributes;
  /** Undefined for `local`. */
  readonly nextHop: Address | undefined;
  readonly localPref: number;
  readonly asPathLength: number;
  readonly origin: number;
  /** The AS that MEDs are compared within; 0 stands for our own: the path is empty or starts with a set. */
  readonly neighborAS: number;
  readonly med: number;
  /** Of the router that brought the route into our AS, as a number. */
  readonly originator: number;
  readonly clusterListLength: number;
  /** It carries LLGR_STALE, RFC 9494 §4.3. */
  readonly longLivedStale: boolean;
}

/** RFC 4271 §9.1.1: what a path without LOCAL_PREF, or from an external peer, is worth. */
export const DEFAULT_LOCAL_PREF = 100;

/** RFC 4271 §9.1.2.2 (b): the lower, the better. */
const ORIGIN_RANK: Readonly<Record<Origin, number>> = { igp: 0, egp: 1, incomplete: 2 };

/** A path as it was received. All paths have the same fields in the same order, which keeps comparing them fast. */
export function makePath(
  source: PathSource,
  attributes: PathAttributes,
  nextHop?: Address,
  family: BgpFamily = nextHop?.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast',
): Path {
  const internal = source.kind === 'internal';
  // RFC 4271 §5.1.5: LOCAL_PREF from an external peer is ignored.
  const localPref = internal ? (attributes.localPref ?? DEFAULT_LOCAL_PREF) : DEFAULT_LOCAL_PREF;
  return pathWith(source, family, attributes, nextHop, localPref);
}

/** The path with other attributes or another degree of preference, and all that follows from them. */
export function revisePath(
  path: Path,
  { attributes = path.attributes, localPref = path.localPref }: Partial<Path>,
): Path {
  return pathWith(path.source, path.family, attributes, path.nextHop, localPref);
}

function pathWith(
  source: PathSource,
  family: BgpFamily,
  attributes: PathAttributes,
  nextHop: Address | undefined,
  localPref: number,
): Path {
  const internal = source.kind === 'internal';
  return {
    source,
    family,
    attributes,
    nextHop,
    localPref,
    asPathLength: asPathLength(attributes.asPath),
    origin: ORIGIN_RANK[attributes.origin],
    neighborAS: neighborAS(attributes.asPath) ?? 0,
    // RFC 4271 §9.1.2.2 (c): a path without MED counts as the lowest.
    med: attributes.med ?? 0,
    // RFC 4456 §9: ORIGINATOR_ID stands for the BGP Identifier where a reflector set it.
    originator: identifierNumber((internal ? attributes.originatorID : undefined) ?? source.routerID),
    clusterListLength: internal ? (attributes.clusterList?.length ?? 0) : 0,
    longLivedStale: hasCommunity(attributes, 'llgr-stale'),
  };
}
