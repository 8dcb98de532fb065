import type { Address } from '../../../net/address.ts';
import type { AsPath } from '../as-path.ts';
import type { Community, ExtendedCommunity, LargeCommunity } from '../communities.ts';

/** RFC 4271 §5.1.1. */
export type Origin = 'igp' | 'egp' | 'incomplete';

/**
 * The path attributes of a route, decoded and merged (AS4_PATH is already in `asPath`). Next hops and prefixes stand in the
 * announcement, because one UPDATE can carry two of them with one set of attributes.
 */
export interface PathAttributes {
  readonly origin: Origin;
  readonly asPath: AsPath;
  /** MULTI_EXIT_DISC. */
  readonly med?: number;
  readonly localPref?: number;
  readonly atomicAggregate?: true;
  readonly aggregator?: Aggregator;
  /** RFC 1997, in the order of the message; never an empty list, and so for the lists below. */
  readonly communities?: readonly Community[];
  /** RFC 4456. */
  readonly originatorID?: Address;
  readonly clusterList?: readonly Address[];
  /** RFC 4360. */
  readonly extendedCommunities?: readonly ExtendedCommunity[];
  /** RFC 8092. */
  readonly largeCommunities?: readonly LargeCommunity[];
  /** RFC 9234 §5: the AS that marked the route. */
  readonly onlyToCustomer?: number;
  /** Types of the attributes above that somebody on the way did not know: their partial bit stays set, RFC 4271 §5. */
  readonly partial?: readonly number[];
  /** Optional transitive attributes that we do not know: passed on with the partial bit, RFC 4271 §5. */
  readonly unknown?: readonly UnknownAttribute[];
}

export interface Aggregator {
  readonly as: number;
  readonly address: Address;
}

export interface UnknownAttribute {
  readonly type: number;
  readonly value: Uint8Array;
}
