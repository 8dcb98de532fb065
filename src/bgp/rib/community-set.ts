import type { PathAttributes } from '../wire/attributes/attributes.ts';
import { type Community, type LargeCommunity, WELL_KNOWN_COMMUNITIES } from '../wire/communities.ts';

export type WellKnown = keyof typeof WELL_KNOWN_COMMUNITIES;

/** Whether the route carries the community, RFC 1997. */
export function hasCommunity({ communities }: PathAttributes, community: Community | WellKnown): boolean {
  return communities?.includes(communityValue(community)) === true;
}

/** The attributes with the community at the end, where it is not there already. */
export function addCommunity(attributes: PathAttributes, community: Community | WellKnown): PathAttributes {
  if (hasCommunity(attributes, community)) return attributes;
  return { ...attributes, communities: [...(attributes.communities ?? []), communityValue(community)] };
}

/** As `hasCommunity`, RFC 8092. */
export function hasLargeCommunity({ largeCommunities }: PathAttributes, wanted: LargeCommunity): boolean {
  return (
    largeCommunities?.some(
      ({ global, local1, local2 }) =>
        global === wanted.global && local1 === wanted.local1 && local2 === wanted.local2,
    ) === true
  );
}

/** As `addCommunity`, RFC 8092. */
export function addLargeCommunity(attributes: PathAttributes, community: LargeCommunity): PathAttributes {
  if (hasLargeCommunity(attributes, community)) return attributes;
  return { ...attributes, largeCommunities: [...(attributes.largeCommunities ?? []), community] };
}

const communityValue = (community: Community | WellKnown): Community =>
  typeof community === 'number' ? community : WELL_KNOWN_COMMUNITIES[community];
