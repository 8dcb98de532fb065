import type { PathStatus } from '../status.ts';
import type { PathAttributes } from '../wire/attributes/attributes.ts';
import { communityText, extendedCommunityText, largeCommunityText } from '../wire/communities.ts';
import type { Decision } from './decision.ts';
import type { Rejection } from './import-policy.ts';
import type { Path } from './path.ts';

/** A path for people: with the decision that it took part in, or the reason why it did not. */
export function pathStatus(path: Path, decision: Decision | undefined, rejection?: Rejection): PathStatus {
  const { attributes } = path;
  const best = decision?.best === path;
  const reason = rejection ?? lostBecause(path, decision);
  return {
    peer: path.source.name,
    ...(path.nextHop !== undefined && { nextHop: path.nextHop }),
    asPath: attributes.asPath.flatMap((segment) => segment.asns),
    origin: attributes.origin,
    localPref: path.localPref,
    ...(attributes.med !== undefined && { med: attributes.med }),
    communities: communityTexts(attributes),
    best,
    ...(reason !== undefined && { reason }),
  };
}

function lostBecause(path: Path, decision: Decision | undefined): string | undefined {
  const rule = decision?.lost.get(path);
  return rule !== undefined && decision?.multipath.includes(path) ? `${rule}; used beside the best` : rule;
}

/** All kinds in one list, each in its own form: `64512:100`, `64512:1:2`, `rt:64512:100`. */
function communityTexts(attributes: PathAttributes): readonly string[] {
  return [
    ...(attributes.communities ?? []).map(communityText),
    ...(attributes.largeCommunities ?? []).map(largeCommunityText),
    ...(attributes.extendedCommunities ?? []).map(extendedCommunityText),
  ];
}
