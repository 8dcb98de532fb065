import type { PeerConfig, SpeakerConfig } from '../../src/bgp/config.ts';
import type { PeerStatus } from '../../src/bgp/status.ts';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import type { BirdPeering } from './bird.ts';
import type { SpeakerPicture } from './speaker-process.ts';

/** What we announce, and what `birdConfig` does. */
export const OURS = ['10.244.1.0/24', 'fd00:244:1::/64'];
export const THEIRS = [
  '10.50.0.0/24 via 192.0.2.2',
  '10.51.0.0/24 via 192.0.2.2',
  'fd50::/64 via 2001:db8::2',
];

/** Our side of the peering. */
export function speakerConfig(
  { birdAS, ourAS, bird, ours }: BirdPeering,
  overrides: Partial<PeerConfig> = {},
  originated: readonly string[] = OURS,
): SpeakerConfig {
  return {
    routerID: address('192.0.2.1'),
    localAS: ourAS,
    listen: [{ address: address(ours), port: 179 }],
    originated: originated.map((p) => ({ prefix: prefix(p) })),
    nextHops: { ipv4: address('192.0.2.1'), ipv6: address('2001:db8::1') },
    peers: [
      {
        name: 'peer/bird',
        address: address(bird),
        port: 179,
        localAddress: address(ours),
        localAS: ourAS,
        remoteAS: birdAS,
        families: ['ipv4-unicast', 'ipv6-unicast'],
        holdTime: 30,
        keepaliveTime: 10,
        passive: false,
        import: {
          kind: 'exactly',
          prefixes: ['10.50.0.0/24', '10.51.0.0/24', '10.52.0.0/24', 'fd50::/64'].map(prefix),
        },
        export: { kind: 'originated' },
        ...overrides,
      },
    ],
  };
}

/** The only peer. */
export const peer = ({ peers }: SpeakerPicture): PeerStatus => {
  const [only] = peers;
  if (only === undefined) throw new Error('no peer');
  return only;
};
export const established = (picture: SpeakerPicture): boolean => peer(picture).state === 'established';
