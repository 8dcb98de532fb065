import type { PathStatus } from '../status.ts';
import type { PathAttributes } from '../wire/attributes/attributes.ts';
import type { Decision } from './decision.ts';
import type { Rejection } from './import-policy.ts';
import { asNumbers, type Path } from './path.ts';

/** A path for people: with the decision that it took part in, or the reason why it did not. */
export function pathStatus(path: Path, decision: Decision | undefined, rejection?: Rejection): PathStatus {
  const { attributes } = path;
  const best = decision?.best === path;
  const reason = rejection ?? lostBecause(path, decision);
  return {
    peer: path.source.name,
    ...(path.nextHop !== undefined && { nextHop: path.nextHop }),
    asPath: asNumbers(attributes.asPath),
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

/** `64512:100` (RFC 1997), `64512:1:2` (RFC 8092), `ext:0002fc0000000064` (RFC 4360, undissected). */
function communityTexts(attributes: PathAttributes): readonly string[] {
  return [
    ...(attributes.communities ?? []).map((c) => `${c >>> 16}:${c & 0xffff}`),
    ...(attributes.largeCommunities ?? []).map((c) => `${c.global}:${c.local1}:${c.local2}`),
    ...(attributes.extendedCommunities ?? []).map((c) => `ext:${c.toString(16).padStart(16, '0')}`),
  ];
}
