import { type Address, isLinkLocal } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { ImportPolicy } from '../config.ts';
import type { Path } from './path.ts';

/** What this node must know of itself to see that a route is its own. */
export interface Self {
  readonly routerID: Address;
  /** The speaker's AS and those it uses towards single peers. */
  readonly asNumbers: ReadonlySet<number>;
  /** Addresses of this node as far as BGP knows them. */
  readonly addresses: ReadonlySet<Address>;
  readonly originated: ReadonlySet<Prefix>;
}

/** Why a path is not used, for people. */
export type Rejection =
  | 'own AS in the AS path'
  | 'this node is its originator'
  | 'this node is in its cluster list'
  | 'its next hop is this node'
  | 'its next hop is link-local'
  | 'this node originates the prefix'
  | 'filtered by import policy';

/** An import policy made ready for looking up prefix after prefix. */
export type ImportFilter = (prefix: Prefix) => boolean;

export function importFilter(policy: ImportPolicy): ImportFilter {
  switch (policy.kind) {
    case 'none':
      return () => false;
    case 'all':
      return () => true;
    case 'originators': {
      const allowed = new Set(policy.nodes.flatMap(({ prefixes }) => prefixes));
      return (prefix) => allowed.has(prefix);
    }
    case 'exactly': {
      const allowed = new Set(policy.prefixes);
      return (prefix) => allowed.has(prefix);
    }
  }
}

/** What is wrong with a path whatever the prefix: loops. */
export function rejectPath(path: Path, self: Self): Rejection | undefined {
  // RFC 4271 §9.1.2: routes whose AS_PATH contains our AS are not eligible.
  for (const { asns } of path.attributes.asPath) {
    if (asns.some((as) => self.asNumbers.has(as))) return 'own AS in the AS path';
  }
  if (path.source.kind === 'internal') {
    // RFC 4456 §8: both are loops through a reflector. We reflect under our router ID, the default CLUSTER_ID of §7.
    if (path.attributes.originatorID === self.routerID) return 'this node is its originator';
    if (path.attributes.clusterList?.includes(self.routerID)) return 'this node is in its cluster list';
  }
  // RFC 4271 §6.3: the next hop must not be the receiving speaker; such a route is ignored, the session stays.
  if (path.nextHop !== undefined && self.addresses.has(path.nextHop)) return 'its next hop is this node';
  // RFC 2545 §3: a peer without a global address. Which link it means is known to nobody beyond the session.
  if (path.nextHop?.includes(':') && isLinkLocal(path.nextHop)) return 'its next hop is link-local';
  return undefined;
}

/** What is wrong with taking the prefix from a peer, whatever the path. */
export function rejectPrefix(prefix: Prefix, filter: ImportFilter, self: Self): Rejection | undefined {
  if (self.originated.has(prefix)) return 'this node originates the prefix';
  return filter(prefix) ? undefined : 'filtered by import policy';
}
