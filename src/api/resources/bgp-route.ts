import { type Static, Type } from 'typebox';
import type { RibEntryStatus } from '../../bgp/status.ts';
import type { PrefixFilter } from '../prefix-filter.ts';
import type { AgentView } from '../view.ts';
import { Family, LimitParameter, list, PrefixParameter } from './common.ts';
import { Route } from './route.ts';

/** What a route carries, on its way in or out. */
export const attributes = {
  asPath: list(Type.Integer()),
  asPathText: Type.Optional(Type.String({ description: 'the AS path with its sets in braces' })),
  origin: Type.Enum(['igp', 'egp', 'incomplete']),
  med: Type.Optional(Type.Integer()),
  communities: list(Type.String()),
  attributes: Type.Optional(list(Type.String({ description: 'what else it carries, by name' }))),
};

const Path = Type.Object({
  peer: Type.String({ description: 'peer name, or local' }),
  nextHop: Type.Optional(Type.String()),
  ...attributes,
  localPref: Type.Integer(),
  pathId: Type.Optional(Type.Integer({ description: 'path identifier of the peer, RFC 7911' })),
  stale: Type.Optional(Type.Boolean({ description: 'kept from a session that is over' })),
  best: Type.Boolean(),
  multipath: Type.Optional(Type.Boolean({ description: 'used beside the best' })),
  reason: Type.Optional(Type.String({ description: 'why it is not best' })),
});

const Kernel = Type.Pick(Route, ['origin', 'via', 'state', 'reason']);

/** One item of `/v1/bgp/routes`: a prefix of the Loc-RIB with all its paths, and what became of it. */
export const BgpRoute = Type.Object({
  prefix: Type.String(),
  family: Family,
  paths: list(Path),
  kernel: Type.Optional(Kernel),
  advertised: Type.Integer({ description: 'how many peers have been told the prefix' }),
  advertisedTo: Type.Optional(list(Type.String({ description: 'their names, with wide=true' }))),
});
export type BgpRoute = Static<typeof BgpRoute>;

/** `/v1/bgp/routes`. */
export const BgpRouteList = Type.Object({ items: list(BgpRoute), truncated: Type.Boolean() });

export const BgpRouteQuery = Type.Object(
  {
    family: Type.Optional(Family),
    prefix: Type.Optional(PrefixParameter),
    peer: Type.Optional(Type.String({ maxLength: 253, description: 'only the paths of this peer' })),
    wide: Type.Boolean({ default: false, description: 'also the names of the peers that have been told' }),
    limit: LimitParameter,
  },
  { additionalProperties: false },
);
export type BgpRouteQuery = Static<typeof BgpRouteQuery>;

/** The entry as the query wants to see it, or undefined when it does not. */
export function selectBgpRoute(
  entry: RibEntryStatus,
  { family, peer, wide }: Omit<BgpRouteQuery, 'prefix' | 'limit'>,
  matches: PrefixFilter,
  view: Pick<AgentView, 'route' | 'advertisedTo'>,
): BgpRoute | undefined {
  if (family !== undefined && entry.family !== family) return undefined;
  if (!matches(entry.prefix)) return undefined;
  const paths = peer === undefined ? entry.paths : entry.paths.filter((path) => path.peer === peer);
  if (peer !== undefined && paths.length === 0) return undefined;
  // Looked up only for what goes out: of the others there may be very many.
  const advertisedTo = view.advertisedTo(entry.prefix);
  return {
    ...entry,
    paths,
    ...kernelOf(entry, view),
    advertised: advertisedTo.length,
    ...(wide && { advertisedTo: advertisedTo.toSorted() }),
  };
}

function kernelOf({ prefix }: RibEntryStatus, view: Pick<AgentView, 'route'>): Pick<BgpRoute, 'kernel'> {
  const route = view.route(prefix);
  if (route === undefined) return {};
  const { origin, via, state, reason } = route;
  return { kernel: { origin, via, state, ...(reason !== undefined && { reason }) } };
}
