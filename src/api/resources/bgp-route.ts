import { type Static, Type } from 'typebox';
import type { RibEntryStatus } from '../../bgp/status.ts';
import type { PrefixFilter } from '../prefix-filter.ts';
import { LimitParameter, list, PrefixParameter } from './common.ts';

export const BGP_FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;

const Family = Type.Enum(BGP_FAMILIES);

const Path = Type.Object({
  peer: Type.String({ description: 'peer name, or local' }),
  nextHop: Type.Optional(Type.String()),
  asPath: list(Type.Integer()),
  asPathText: Type.Optional(Type.String({ description: 'the AS path with its sets in braces' })),
  origin: Type.Enum(['igp', 'egp', 'incomplete']),
  localPref: Type.Integer(),
  med: Type.Optional(Type.Integer()),
  communities: list(Type.String()),
  attributes: Type.Optional(list(Type.String({ description: 'what else it carries, by name' }))),
  pathId: Type.Optional(Type.Integer({ description: 'path identifier of the peer, RFC 7911' })),
  stale: Type.Optional(Type.Boolean({ description: 'kept from a session that is over' })),
  best: Type.Boolean(),
  reason: Type.Optional(Type.String({ description: 'why it is not best' })),
});

/** One item of `/v1/bgp/routes`: a prefix of the Loc-RIB with all its paths. */
export const BgpRoute = Type.Object({ prefix: Type.String(), family: Family, paths: list(Path) });
export type BgpRoute = Static<typeof BgpRoute>;

/** `/v1/bgp/routes`. */
export const BgpRouteList = Type.Object({ items: list(BgpRoute), truncated: Type.Boolean() });

export const BgpRouteQuery = Type.Object(
  {
    family: Type.Optional(Family),
    prefix: Type.Optional(PrefixParameter),
    peer: Type.Optional(Type.String({ maxLength: 253, description: 'only the paths of this peer' })),
    limit: LimitParameter,
  },
  { additionalProperties: false },
);
export type BgpRouteQuery = Static<typeof BgpRouteQuery>;

/** The entry as the query wants to see it, or undefined when it does not. */
export function selectBgpRoute(
  entry: RibEntryStatus,
  { family, peer }: Omit<BgpRouteQuery, 'prefix' | 'limit'>,
  matches: PrefixFilter,
): BgpRoute | undefined {
  if (family !== undefined && entry.family !== family) return undefined;
  if (!matches(entry.prefix)) return undefined;
  if (peer === undefined) return entry;
  const paths = entry.paths.filter((path) => path.peer === peer);
  return paths.length === 0 ? undefined : { ...entry, paths };
}
