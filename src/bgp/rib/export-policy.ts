import type { Address } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import { RecentMap } from '../../net/recent-map.ts';
import type { BgpFamily, PeerConfig, SpeakerConfig } from '../config.ts';
import type { PathAttributes } from '../wire/attributes/attributes.ts';
import { identifierNumber } from '../wire/identifier.ts';
import { hasCommunity } from './community-set.ts';
import { exportAttributes } from './export-attributes.ts';
import { exportNextHop } from './export-next-hop.ts';
import { compileFilter } from './filter.ts';
import type { Path } from './path.ts';
import { type PrefixBits, prefixBits } from './prefix-bits.ts';
import { takesMarked } from './roles.ts';

/** What a group of prefixes is announced with; compared by identity, so whoever wants equal ones packed shares one object. */
export interface Outbound {
  readonly family: BgpFamily;
  readonly attributes: PathAttributes;
  readonly nextHop: Address;
}

/** The receiving side of one established session: what is configured and what was negotiated. */
export interface ExportPeer
  extends Pick<
    PeerConfig,
    'name' | 'address' | 'localAS' | 'remoteAS' | 'export' | 'role' | 'reflectorClient' | 'nextHopMode'
  > {
  /** The peer's BGP Identifier. */
  readonly routerID: Address;
  readonly families: readonly BgpFamily[];
  /** IPv4 routes may have IPv6 next hops, RFC 8950. */
  readonly extendedNextHop: boolean;
  /** The peer has announced long-lived graceful restart, RFC 9494. */
  readonly longLived: boolean;
}

/** What export asks of the whole speaker. */
export type ExportSpeaker = Pick<SpeakerConfig, 'routerID' | 'clusterID' | 'nextHops' | 'gracefulShutdown'>;

/** Paths whose exported form is remembered, or twice as many. */
const REMEMBERED = 4096;

/**
 * Says how one peer is told a route; undefined: not at all. The same path gives the same object as long as it is among those
 * that were asked for last.
 */
export interface Exporter {
  /** What does not depend on the prefix; the last word where `perPrefix` is false. */
  readonly path: (path: Path) => Outbound | undefined;
  /** `prefix` must be asked too. */
  readonly perPrefix: boolean;
  /** `outbound` is what `path` gave for the same path: it holds where no rule matches. */
  readonly prefix: (prefix: Prefix, path: Path, outbound: Outbound | undefined) => Outbound | undefined;
}

export function makeExporter(peer: ExportPeer, speaker: ExportSpeaker): Exporter {
  const filter = compileFilter(peer.export.rules ?? [], peer.localAS === peer.remoteAS ? 'iBGP' : 'eBGP');
  const { kind } = peer.export;
  const byDefault = (path: Path): boolean =>
    kind === 'all' || (kind === 'originated' && path.source.kind === 'local');
  const told = new RecentMap<Path, Outbound>(REMEMBERED);

  /** The path in the form that the peer sees; `revised` by rules, while the original decides whether it may go at all. */
  const tell = (path: Path, revised: Path): Outbound | undefined => {
    if (!mayTell(path, peer)) return undefined;
    const known = told.get(revised);
    if (known !== undefined) return known;
    const made = makeOutbound(revised, peer, speaker);
    if (made !== undefined) told.set(revised, made);
    return made;
  };
  const judge = (bits: PrefixBits, path: Path): Outbound | undefined | 'by default' => {
    const rule = filter.find(bits, path);
    if (rule === undefined) return 'by default';
    return rule.action === 'accept' ? tell(path, rule.revise(path)) : undefined;
  };
  const { perPrefix } = filter;
  return {
    perPrefix,
    path: (path) => {
      const judged = perPrefix ? 'by default' : judge(ANY_PREFIX, path);
      if (judged !== 'by default') return judged;
      return byDefault(path) ? tell(path, path) : undefined;
    },
    prefix: (prefix, path, outbound) => {
      const judged = judge(prefixBits(prefix), path);
      return judged === 'by default' ? outbound : judged;
    },
  };
}

/** Everything that the peer should be told of these routes. */
export function announcements(
  routes: ReadonlyMap<Prefix, Path>,
  exporter: Exporter,
): ReadonlyMap<Prefix, Outbound> {
  const wanted = new Map<Prefix, Outbound>();
  for (const [prefix, path] of routes) {
    const general = exporter.path(path);
    const outbound = exporter.perPrefix ? exporter.prefix(prefix, path, general) : general;
    if (outbound !== undefined) wanted.set(prefix, outbound);
  }
  return wanted;
}

/** For filters that do not look at it. */
const ANY_PREFIX: PrefixBits = { length: 0, words: [] };

function makeOutbound(path: Path, peer: ExportPeer, speaker: ExportSpeaker): Outbound | undefined {
  const nextHop = exportNextHop(path, peer, speaker);
  if (nextHop === undefined) return undefined;
  return { family: path.family, attributes: exportAttributes(path, peer, speaker), nextHop };
}

/** Whether the protocol lets this peer have the path, whatever rules say. */
function mayTell(path: Path, peer: ExportPeer): boolean {
  const { source, attributes } = path;
  if (!peer.families.includes(path.family)) return false;
  // What this node attaches to its own prefixes is for those who receive them (RFC 1997: "routes received carrying").
  if (source.kind === 'local') return true;
  // Split horizon; and what the peer is the way to is of no use to it (RFC 4271 §5.1.3: never its own address as next hop).
  if (source.name === peer.name || path.nextHop === peer.address) return false;
  if (hasCommunity(attributes, 'no-advertise')) return false;
  return peer.localAS === peer.remoteAS ? mayReflect(path, peer) : mayLeave(path, peer);
}

/** RFC 4456 §6: from client to everybody, from others to clients; not back to where it came from (§8). */
function mayReflect({ source, originator }: Path, peer: ExportPeer): boolean {
  if (source.kind !== 'internal') return true;
  if (source.reflectorClient !== true && peer.reflectorClient !== true) return false;
  return originator !== identifierNumber(peer.routerID);
}

/** What may cross the border of our AS. */
function mayLeave({ attributes, longLivedStale }: Path, { role, longLived }: ExportPeer): boolean {
  // RFC 1997: the two are one where there is no confederation.
  if (hasCommunity(attributes, 'no-export') || hasCommunity(attributes, 'no-export-subconfed')) return false;
  // RFC 3765 §2: not over a bilateral peering.
  if (role === 'peer' && hasCommunity(attributes, 'no-peer')) return false;
  // RFC 9234 §5.
  if (role !== undefined && attributes.onlyToCustomer !== undefined && !takesMarked(role)) return false;
  // RFC 9494 §4.3; within the AS see §4.6 in `exportAttributes`.
  return longLived || !longLivedStale;
}
