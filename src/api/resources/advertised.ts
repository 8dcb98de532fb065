import { type Static, Type } from 'typebox';
import type { AdvertisedStatus } from '../../bgp/status.ts';
import type { PrefixFilter } from '../prefix-filter.ts';
import { attributes } from './bgp-route.ts';
import { Family, LimitParameter, list, PrefixParameter } from './common.ts';

/** One item of `/v1/bgp/advertised`: what a peer has been told, with the attributes as they were sent. */
export const Advertised = Type.Object({
  prefix: Type.String(),
  family: Family,
  nextHop: Type.String(),
  ...attributes,
  localPref: Type.Optional(Type.Integer({ description: 'towards peers in our AS' })),
  pathId: Type.Optional(Type.Integer({ description: 'path identifier of ours, RFC 7911' })),
});
export type Advertised = Static<typeof Advertised>;

/** `/v1/bgp/advertised`. */
export const AdvertisedList = Type.Object({ items: list(Advertised), truncated: Type.Boolean() });

export const AdvertisedQuery = Type.Object(
  {
    peer: Type.String({ maxLength: 253, description: 'the name of the peer' }),
    family: Type.Optional(Family),
    prefix: Type.Optional(PrefixParameter),
    limit: LimitParameter,
  },
  { additionalProperties: false },
);
export type AdvertisedQuery = Static<typeof AdvertisedQuery>;

/** The route, or undefined when the query does not want it. */
export function selectAdvertised(
  route: AdvertisedStatus,
  { family }: Pick<AdvertisedQuery, 'family'>,
  matches: PrefixFilter,
): Advertised | undefined {
  if (family !== undefined && route.family !== family) return undefined;
  return matches(route.prefix) ? route : undefined;
}
