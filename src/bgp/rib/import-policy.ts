import { type Address, isLinkLocal } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import { RecentMap } from '../../net/recent-map.ts';
import type { ImportPolicy, PeerConfig } from '../config.ts';
import { neighborAS } from '../wire/as-path.ts';
import type { PathAttributes } from '../wire/attributes/attributes.ts';
import { identifierNumber } from '../wire/identifier.ts';
import { addCommunity, hasCommunity } from './community-set.ts';
import { compileFilter } from './filter.ts';
import { type Path, revisePath } from './path.ts';
import { covers, type PrefixBits, prefixBits } from './prefix-bits.ts';
import { isLeak, marksReceived } from './roles.ts';

/** What this node must know of itself to see that a route is its own. */
export interface Self {
  readonly routerID: Address;
  /** CLUSTER_ID of this node as a reflector; absent: the router ID (RFC 4456 §7). */
  readonly clusterID?: Address;
  /** The speaker's AS and those it uses towards single peers. */
  readonly asNumbers: ReadonlySet<number>;
  /** Addresses of this node as far as BGP knows them. */
  readonly addresses: ReadonlySet<Address>;
  readonly originated: ReadonlySet<Prefix>;
  /** Never taken from anybody, nor anything inside of them; absent: what is originated. */
  readonly localPrefixes?: readonly Prefix[];
}

/** What import asks of the session that a path came over. */
export type ImportPeer = Pick<PeerConfig, 'localAS' | 'remoteAS' | 'role' | 'allowedOwnAS'>;

/** Why a path is not used, for people. */
export type Rejection =
  | 'own AS in the AS path'
  | 'this node is its originator'
  | 'this node is in its cluster list'
  | 'its next hop is this node'
  | 'its next hop is link-local'
  | "its AS path does not begin with the peer's AS"
  | 'a route leak: it was meant for customers only'
  | 'it asks for a blackhole'
  | 'this node originates the prefix'
  | 'it lies inside a prefix of this node'
  | 'it is multicast, loopback, link-local or reserved'
  | 'filtered by import policy'
  /** `BGPFilter corp importV4[2] rejects it`. */
  | `${string} rejects it`;

/** Judges what one peer tells. A `Path` is taken, in the form that is given back; a text is why not. */
export interface Importer {
  /** What does not depend on the prefix; the last word where `perPrefix` is false. */
  readonly path: (path: Path) => Path | Rejection;
  /** `prefix` must be asked too. */
  readonly perPrefix: boolean;
  /** What depends on the prefix, about a path that `path` gave; equal answers are the same object. */
  readonly prefix: (prefix: Prefix, path: Path) => Path | Rejection;
}

/** Paths whose changed form is remembered, or twice as many. */
const REMEMBERED = 1024;

export function makeImporter(policy: ImportPolicy, peer: ImportPeer, self: Self): Importer {
  const external = peer.localAS !== peer.remoteAS;
  const filter = compileFilter(policy.rules ?? [], external ? 'eBGP' : 'iBGP');
  const byDefault = defaultPolicy(policy);
  const own = (self.localPrefixes ?? [...self.originated]).map(prefixBits);

  /** By the path as it came: equal answers should be the same object. */
  const received = new RecentMap<Path, Path>(REMEMBERED);
  const receive = (path: Path): Path => {
    const known = received.get(path);
    if (known !== undefined) return known;
    const made = receivedPath(path, peer);
    if (made !== path) received.set(path, made);
    return made;
  };
  const judge = (bits: PrefixBits, prefix: Prefix | undefined, path: Path): Path | Rejection => {
    const rule = filter.find(bits, path);
    if (rule !== undefined) return rule.action === 'accept' ? rule.revise(path) : `${rule.name} rejects it`;
    // RFC 7999 §3.3: honoured only where that was agreed upon, and a rule is how one agrees here. We install no blackhole even
    // then: the route leads to its next hop like any other.
    if (hasCommunity(path.attributes, 'blackhole')) return 'it asks for a blackhole';
    return byDefault(prefix, path) ? path : 'filtered by import policy';
  };

  const perPrefix =
    own.length > 0 ||
    self.originated.size > 0 ||
    filter.perPrefix ||
    policy.kind === 'exactly' ||
    policy.kind === 'originators';
  return {
    perPrefix,
    path: (path) => {
      const taken = rejectPath(path, peer, self) ?? receive(path);
      return perPrefix || typeof taken === 'string' ? taken : judge(ANY_PREFIX, undefined, taken);
    },
    prefix: (prefix, path) => {
      if (self.originated.has(prefix)) return 'this node originates the prefix';
      const bits = own.length > 0 || filter.perPrefix ? prefixBits(prefix) : ANY_PREFIX;
      if (own.some((outer) => covers(outer, bits))) return 'it lies inside a prefix of this node';
      return judge(bits, prefix, path);
    },
  };
}

/** For filters that do not look at it. */
const ANY_PREFIX: PrefixBits = { length: 0, words: [] };

/** What holds where no rule matches. */
function defaultPolicy(policy: ImportPolicy): (prefix: Prefix | undefined, path: Path) => boolean {
  switch (policy.kind) {
    case 'none':
      return () => false;
    case 'all':
      return () => true;
    case 'exactly': {
      const allowed = new Set<Prefix | undefined>(policy.prefixes);
      return (prefix) => allowed.has(prefix);
    }
    case 'originators': {
      const allowed = new Map(
        policy.nodes.map(({ routerID, prefixes }) => [
          identifierNumber(routerID),
          new Set<Prefix | undefined>(prefixes),
        ]),
      );
      return (prefix, { originator }) => allowed.get(originator)?.has(prefix) === true;
    }
  }
}

/** What is wrong with a path whatever the prefix. */
function rejectPath(path: Path, peer: ImportPeer, self: Self): Rejection | undefined {
  const { attributes, nextHop } = path;
  // RFC 4271 §9.1.2: routes whose AS_PATH contains our AS are not eligible.
  if (countOwn(attributes, self) > (peer.allowedOwnAS ?? 0)) return 'own AS in the AS path';
  if (path.source.kind === 'internal') {
    // RFC 4456 §8: both are loops through a reflector.
    if (attributes.originatorID === self.routerID) return 'this node is its originator';
    if (attributes.clusterList?.includes(self.clusterID ?? self.routerID) === true) {
      return 'this node is in its cluster list';
    }
  } else {
    const rejection = rejectExternal(attributes, peer);
    if (rejection !== undefined) return rejection;
  }
  if (nextHop === undefined) return undefined;
  // RFC 4271 §6.3: the next hop must not be the receiving speaker; such a route is ignored, the session stays.
  if (self.addresses.has(nextHop)) return 'its next hop is this node';
  // RFC 2545 §3: a peer without a global address. Which link it means is known to nobody beyond the session.
  if (nextHop.includes(':') && isLinkLocal(nextHop)) return 'its next hop is link-local';
  return undefined;
}

function countOwn({ asPath }: PathAttributes, { asNumbers }: Self): number {
  let count = 0;
  for (const { asns } of asPath) for (const as of asns) if (asNumbers.has(as)) count++;
  return count;
}

function rejectExternal(attributes: PathAttributes, { role, remoteAS }: ImportPeer): Rejection | undefined {
  // RFC 4271 §6.3, with the reaction of RFC 7606 §7.2. RFC 7947 §2.2.2.1: a route server does not put itself into the path.
  if (role !== 'route-server-client' && neighborAS(attributes.asPath) !== remoteAS) {
    return "its AS path does not begin with the peer's AS";
  }
  if (role !== undefined && isLeak(role, attributes.onlyToCustomer, remoteAS)) {
    return 'a route leak: it was meant for customers only';
  }
  return undefined;
}

/** What the standards make of a path from an external peer as it enters. */
function receivedPath(path: Path, { role, remoteAS }: ImportPeer): Path {
  if (path.source.kind !== 'external') return path;
  let { attributes, localPref } = path;
  // RFC 9234 §5: the peer's own word may be missing, its role says it as well.
  if (role !== undefined && marksReceived(role) && attributes.onlyToCustomer === undefined) {
    attributes = { ...attributes, onlyToCustomer: remoteAS };
  }
  // RFC 7999 §3.2: it must not leave our AS; should a rule take it.
  if (hasCommunity(attributes, 'blackhole') && !hasCommunity(attributes, 'no-advertise')) {
    attributes = addCommunity(attributes, 'no-export');
  }
  // RFC 8326 §4.1: the peer is being drained.
  if (hasCommunity(attributes, 'graceful-shutdown')) localPref = 0;
  const changed = attributes !== path.attributes || localPref !== path.localPref;
  return changed ? revisePath(path, { attributes, localPref }) : path;
}
