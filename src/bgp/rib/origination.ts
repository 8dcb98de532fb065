import type { Address } from '../../net/address.ts';
import { type Prefix, prefixFamily } from '../../net/prefix.ts';
import type { BgpFamily, Origination } from '../config.ts';
import type { PathAttributes } from '../wire/attributes/attributes.ts';
import { largeCommunityText } from '../wire/communities.ts';
import { makePath, type Path, type PathSource } from './path.ts';

/** Where the paths of this node's own prefixes come from. */
export const LOCAL_SOURCE: PathSource = {
  name: 'local',
  kind: 'local',
  routerID: '0.0.0.0' as Address,
};

/** The paths of what this node originates; prefixes with the same communities share one. */
export function originatedPaths(originated: readonly Origination[]): ReadonlyMap<Prefix, Path> {
  const shared = new Map<string, Path>();
  const paths = new Map<Prefix, Path>();
  for (const origination of originated) {
    const { prefix, communities = [], largeCommunities = [] } = origination;
    const family: BgpFamily = prefixFamily(prefix) === 4 ? 'ipv4-unicast' : 'ipv6-unicast';
    const key = [family, ...communities, ...largeCommunities.map(largeCommunityText)].join(' ');
    const path = shared.get(key) ?? originatedPath(family, origination);
    shared.set(key, path);
    paths.set(prefix, path);
  }
  return paths;
}

function originatedPath(family: BgpFamily, { communities = [], largeCommunities = [] }: Origination): Path {
  const attributes: PathAttributes = {
    origin: 'igp',
    asPath: [],
    ...(communities.length > 0 && { communities }),
    ...(largeCommunities.length > 0 && { largeCommunities }),
  };
  return makePath(LOCAL_SOURCE, attributes, undefined, family);
}
