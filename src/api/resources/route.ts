import { type Static, Type } from 'typebox';
import type { PrefixFilter } from '../prefix-filter.ts';
import type { RouteView } from '../view.ts';
import { LimitParameter, list, PrefixParameter } from './common.ts';

export const ROUTE_ORIGINS = ['block', 'pod', 'remote'] as const;
export const ROUTE_STATES = ['installed', 'pending', 'failed', 'held', 'unresolved'] as const;

const Origin = Type.Enum(ROUTE_ORIGINS);
const State = Type.Enum(ROUTE_STATES);

/** One item of `/v1/routes`: a route that we want or hold in the kernel. */
export const Route = Type.Object({
  prefix: Type.String(),
  origin: Origin,
  via: list(Type.String()),
  learnedFrom: Type.String(),
  state: State,
  reason: Type.Optional(Type.String({ description: 'why it is not installed' })),
});
export type Route = Static<typeof Route>;

/** `/v1/routes`. */
export const RouteList = Type.Object({ items: list(Route), truncated: Type.Boolean() });

export const RouteQuery = Type.Object(
  {
    origin: Type.Optional(Origin),
    state: Type.Optional(State),
    prefix: Type.Optional(PrefixParameter),
    limit: LimitParameter,
  },
  { additionalProperties: false },
);
export type RouteQuery = Static<typeof RouteQuery>;

/** The route, or undefined when the query does not want it. */
export function selectRoute(
  route: RouteView,
  { origin, state }: Omit<RouteQuery, 'prefix' | 'limit'>,
  matches: PrefixFilter,
): Route | undefined {
  if (origin !== undefined && route.origin !== origin) return undefined;
  if (state !== undefined && route.state !== state) return undefined;
  return matches(route.prefix) ? route : undefined;
}
