import type { AttributeStatus, PathStatus } from '../status.ts';
import { asPathText } from '../wire/as-path.ts';
import type { PathAttributes } from '../wire/attributes/attributes.ts';
import { communityText, extendedCommunityText, largeCommunityText } from '../wire/communities.ts';
import type { Decision } from './decision.ts';
import type { Rejection } from './import-policy.ts';
import type { Path } from './path.ts';

/** A path for people: with the decision that it took part in, or the reason why it did not. */
export function pathStatus(path: Path, decision: Decision | undefined, rejection?: Rejection): PathStatus {
  const { attributes } = path;
  const best = decision?.best === path;
  const multipath = !best && decision?.multipath.includes(path) === true;
  const reason = rejection ?? lostBecause(path, decision);
  return {
    peer: path.source.name,
    ...(path.nextHop !== undefined && { nextHop: path.nextHop }),
    ...attributeStatus(attributes),
    localPref: path.localPref,
    best,
    ...(multipath && { multipath }),
    ...(reason !== undefined && { reason }),
  };
}

/** What the attributes say, but for what depends on who looks at them: next hop and LOCAL_PREF. */
export function attributeStatus(attributes: PathAttributes): AttributeStatus {
  const others = attributeTexts(attributes);
  return {
    asPath: attributes.asPath.flatMap((segment) => segment.asns),
    asPathText: asPathText(attributes.asPath),
    origin: attributes.origin,
    ...(attributes.med !== undefined && { med: attributes.med }),
    communities: communityTexts(attributes),
    ...(others.length > 0 && { attributes: others }),
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

/** What has no field of its own, by name and in the order of the types. */
function attributeTexts(attributes: PathAttributes): readonly string[] {
  const { atomicAggregate, aggregator, originatorID, clusterList, onlyToCustomer, unknown = [] } = attributes;
  const texts: string[] = [];
  if (atomicAggregate === true) texts.push('atomic aggregate');
  if (aggregator !== undefined) texts.push(`aggregator ${aggregator.as} ${aggregator.address}`);
  if (originatorID !== undefined) texts.push(`originator ${originatorID}`);
  if (clusterList !== undefined) texts.push(`cluster list ${clusterList.join(' ')}`);
  if (onlyToCustomer !== undefined) texts.push(`only to customer ${onlyToCustomer}`);
  for (const { type, value } of unknown) {
    texts.push(`type ${type} (${value.length} ${value.length === 1 ? 'octet' : 'octets'})`);
  }
  return texts;
}
