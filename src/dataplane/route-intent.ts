import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { PrefixWords } from '../net/prefix-words.ts';
import type { NextHopRecord } from '../netlink/wire/records.ts';

/**
 * Where a route comes from. It decides what an agent that has lost its memory does with a route of an earlier run, and it can
 * be told from the route alone: a blackhole is a `block`, a route on a pod link is a `pod`, everything else is `remote`.
 */
export type RouteOrigin = 'block' | 'pod' | 'remote';

/** What we want under a prefix: one object for all routes that lead the same way, of which there may be very many. */
export interface DesiredForm {
  readonly origin: RouteOrigin;
  /** Empty: a blackhole. */
  readonly nextHops: readonly NextHopRecord[];
  /** Preferred source. */
  readonly source?: Address;
  /** Who asked for it, for people: `podCIDR`, `pod default/web-0`, `bgp mesh/node-b`, `node node-b`. */
  readonly from?: string;
}

/** A route that we want in the main table, with our protocol number. */
export interface DesiredRoute extends DesiredForm {
  readonly prefix: Prefix;
}

/** The routes of a large table, as changes: whoever carries them out takes them, one after the other. */
export interface RouteChanges {
  /** How many times `take` says true at most, as of now. */
  readonly waiting: number;
  /** Takes the next change, which stands in the fields then; false: there is none. */
  take(): boolean;
  /** An object that the next `take` changes. */
  readonly prefix: PrefixWords;
  /** What is wanted there now, instead of what was before; undefined: nothing any more. */
  readonly form: DesiredForm | undefined;
}

export interface RouteIntent {
  /** All of them; a persistent map where they are many, so that what differs from the intent before is found without a look at all. */
  readonly routes: ReadonlyMap<Prefix, DesiredRoute>;
  /** Those of which there may be very many. None of their prefixes is in `routes`. */
  readonly changes?: RouteChanges;
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
