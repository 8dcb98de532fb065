import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { NextHopRecord } from '../netlink/wire/records.ts';

/**
 * Where a route comes from. It decides what an agent that has lost its memory does with a route of an earlier run, and it can
 * be told from the route alone: a blackhole is a `block`, a route on a pod link is a `pod`, everything else is `remote`.
 */
export type RouteOrigin = 'block' | 'pod' | 'remote';

/** A route that we want in the main table, with our protocol number. */
export interface DesiredRoute {
  readonly prefix: Prefix;
  readonly origin: RouteOrigin;
  /** Empty: a blackhole. */
  readonly nextHops: readonly NextHopRecord[];
  /** Preferred source. */
  readonly source?: Address;
  /** Who asked for it, for people: `podCIDR`, `pod default/web-0`, `bgp mesh/node-b`, `node node-b`. */
  readonly from?: string;
}

/** A route of a large table that is wanted now, instead of what was before, or (undefined) no more. */
export interface RouteChange {
  readonly prefix: Prefix;
  readonly route: DesiredRoute | undefined;
}

export interface RouteIntent {
  /** All of them; a persistent map where they are many, so that what differs from the intent before is found without a look at all. */
  readonly routes: ReadonlyMap<Prefix, DesiredRoute>;
  /** Those of which there may be very many, as changes: iterating takes them. None of their prefixes is in `routes`. */
  readonly changes?: Iterable<RouteChange>;
  /**
   * Prefixes whose route is wanted but cannot be told yet (a pod's link that no fact speaks of): what stands there stays,
   * nothing is written.
   */
  readonly hold: ReadonlySet<Prefix>;
  /**
   * Which routes of an earlier run stay although nobody wants them (yet): `remote` ones while BGP peers have not all sent
   * End-of-RIB (RFC 4724 §4.1), any whose source of facts could not be read.
   */
  readonly keep: Readonly<Record<RouteOrigin, boolean>>;
}

export const keepNothing: RouteIntent['keep'] = { block: false, pod: false, remote: false };

export const emptyRouteIntent: RouteIntent = { routes: new Map(), hold: new Set(), keep: keepNothing };
