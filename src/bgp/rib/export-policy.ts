import type { Address } from '../../net/address.ts';
import { type Prefix, prefixFamily } from '../../net/prefix.ts';
import type { BgpFamily, PeerConfig, SpeakerConfig } from '../config.ts';
import { prependAS } from '../wire/as-path.ts';
import type { PathAttributes } from '../wire/attributes/attributes.ts';
import { FAMILIES } from '../wire/family.ts';
import { DEFAULT_LOCAL_PREF } from './path.ts';

/** What a group of prefixes is announced with; compared by identity, so whoever wants equal ones packed shares one object. */
export interface Outbound {
  readonly family: BgpFamily;
  readonly attributes: PathAttributes;
  readonly nextHop: Address;
}

type Neighbor = Pick<PeerConfig, 'localAS' | 'remoteAS'>;

/** The attributes of a route of ours as this peer must see them, RFC 4271 §5.1. */
export function exportAttributes(
  attributes: PathAttributes,
  { localAS, remoteAS }: Neighbor,
): PathAttributes {
  const { localPref, ...rest } = attributes;
  // §5.1.2 (a) and §5.1.5: towards an internal peer AS_PATH stays and LOCAL_PREF is mandatory.
  if (localAS === remoteAS) return { ...rest, localPref: localPref ?? DEFAULT_LOCAL_PREF };
  // §5.1.2 (b) and §5.1.5: towards an external one our AS is prepended, LOCAL_PREF stays inside.
  return { ...rest, asPath: prependAS(rest.asPath, localAS) };
}

const ORIGINATED: PathAttributes = { origin: 'igp', asPath: [] };

/** Everything that this peer should be told, in the families of its session. */
export function announcements(
  speaker: Pick<SpeakerConfig, 'originated' | 'nextHops'>,
  peer: Pick<PeerConfig, 'localAS' | 'remoteAS' | 'export'>,
  families: readonly BgpFamily[],
): ReadonlyMap<Prefix, Outbound> {
  const wanted = new Map<Prefix, Outbound>();
  if (peer.export.kind === 'none') return wanted;
  const attributes = exportAttributes(ORIGINATED, peer);
  const { ipv4, ipv6 } = speaker.nextHops;
  for (const family of FAMILIES) {
    const nextHop = family === 'ipv4-unicast' ? ipv4 : ipv6;
    if (nextHop === undefined || !families.includes(family)) continue;
    const outbound: Outbound = { family, attributes, nextHop };
    for (const { prefix } of speaker.originated) {
      if ((prefixFamily(prefix) === 4) === (family === 'ipv4-unicast')) wanted.set(prefix, outbound);
    }
  }
  return wanted;
}
