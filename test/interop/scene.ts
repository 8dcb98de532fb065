import type { Origination, PeerConfig, SpeakerConfig } from '../../src/bgp/config.ts';
import { parseCommunity, parseLargeCommunity } from '../../src/bgp/wire/communities.ts';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import {
  type Announced,
  type Daemon,
  type DaemonConfig,
  type DaemonKind,
  isIPv4,
  type Neighbor,
} from './daemon.ts';
import { RemoteSpeaker } from './remote-speaker.ts';
import { ADDRESSES, type Place, type Site } from './site.ts';

/** What our speaker announces, and what a daemon does, where nothing else is said. */
export const OURS: readonly Announced[] = [{ prefix: '10.244.1.0/24' }, { prefix: 'fd00:244:1::/64' }];
export const THEIRS: readonly Announced[] = [
  { prefix: '10.50.0.0/24' },
  { prefix: '10.51.0.0/24' },
  { prefix: 'fd50::/64' },
];

/** The AS numbers of our speaker and of the daemon, and the family that their sessions run over. */
export interface Peering {
  readonly ourAS: number;
  readonly theirAS: number;
  readonly over: 'ipv4' | 'ipv6';
}
export const INTERNAL: Peering = { ourAS: 64512, theirAS: 64512, over: 'ipv4' };
export const EXTERNAL: Peering = { ourAS: 65001, theirAS: 65002, over: 'ipv4' };

/** Options of both sides that a feature needs. */
export interface Options {
  readonly neighbor?: Partial<Neighbor>;
  readonly peer?: Partial<PeerConfig>;
}

/** What is different from the usual; `at`: where it runs, `to`: where its peers are. */
export interface SpeakerOverrides {
  readonly at?: Place;
  readonly to?: readonly Place[];
  readonly peer?: Partial<PeerConfig>;
  readonly originated?: readonly Announced[];
  readonly config?: Partial<SpeakerConfig>;
  readonly restart?: boolean;
}

export interface DaemonOverrides extends Partial<DaemonConfig> {
  readonly at?: Place;
  readonly to?: readonly Place[];
  readonly neighbor?: Partial<Neighbor>;
}

/** One cell at work: the implementation, the site, and whatever is started, which ends with it. */
export class Scene implements AsyncDisposable {
  readonly kind: DaemonKind;
  readonly site: Site;
  readonly peering: Peering;
  readonly #options: Options;
  readonly #stack = new AsyncDisposableStack();

  constructor(kind: DaemonKind, site: Site, peering: Peering, options: Options) {
    this.kind = kind;
    this.site = site;
    this.peering = peering;
    this.#options = options;
  }

  /** The address of a place as it is seen by the sessions of this scene. */
  address(place: Place): string {
    return ADDRESSES[place][this.peering.over];
  }

  /** Starts the daemon, at `them` with our speaker as its neighbour where nothing else is said. */
  async daemon(overrides: DaemonOverrides = {}): Promise<Daemon> {
    const { at = 'them', to = ['us'], neighbor, ...config } = overrides;
    const daemon = await this.kind.start(this.site[at], {
      as: this.peering.theirAS,
      routerID: ADDRESSES[at].ipv4,
      nextHops: ADDRESSES[at],
      routes: THEIRS,
      neighbors: to.map((place) => ({
        address: this.address(place),
        local: this.address(at),
        as: this.#asOf(place),
        ...this.#options.neighbor,
        ...neighbor,
      })),
      ...config,
    });
    return this.#stack.use(daemon);
  }

  /** Starts a speaker of ours, at `us` with the daemon as its peer where nothing else is said. */
  speaker(overrides: SpeakerOverrides = {}): RemoteSpeaker {
    const { at = 'us', restart = false } = overrides;
    const speaker = this.#stack.use(new RemoteSpeaker(this.site[at], { restart }));
    speaker.set(this.config(overrides));
    return speaker;
  }

  /** What `speaker` starts with. */
  config(overrides: SpeakerOverrides = {}): SpeakerConfig {
    const { at = 'us', to = ['them'], originated = OURS, config } = overrides;
    const localAS = this.#asOf(at);
    const here = address(this.address(at));
    return {
      routerID: address(ADDRESSES[at].ipv4),
      localAS,
      listen: [{ address: here, port: 179 }],
      originated: originated.map(origination),
      nextHops: { ipv4: address(ADDRESSES[at].ipv4), ipv6: address(ADDRESSES[at].ipv6) },
      peers: to.map((place) => ({
        name: `peer/${place}`,
        address: address(this.address(place)),
        port: 179,
        localAddress: here,
        localAS,
        remoteAS: this.#asOf(place),
        families: ['ipv4-unicast', 'ipv6-unicast'],
        holdTime: 30,
        keepaliveTime: 10,
        passive: false,
        import: { kind: 'all' },
        export: { kind: 'originated' },
        ...this.#options.peer,
        ...overrides.peer,
      })),
      ...config,
    };
  }

  /** Of a further party: one of the same AS as everybody, or one of its own. */
  #asOf(place: Place): number {
    const { ourAS, theirAS } = this.peering;
    if (place === 'us') return ourAS;
    return place === 'them' || ourAS === theirAS ? theirAS : 4_200_000_003;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function origination(route: Announced): Origination {
  const communities = (route.communities ?? []).map((text) => parsed(text, parseCommunity));
  const largeCommunities = (route.largeCommunities ?? []).map((text) => parsed(text, parseLargeCommunity));
  return {
    prefix: prefix(route.prefix),
    ...(communities.length > 0 && { communities }),
    ...(largeCommunities.length > 0 && { largeCommunities }),
  };
}

function parsed<T>(text: string, parse: (text: string) => T | undefined): T {
  const value = parse(text);
  if (value === undefined) throw new Error(`${text} cannot be read`);
  return value;
}

/** Routes as our speaker tells them: `10.50.0.0/24 via 192.0.2.2`. */
export const via = (routes: readonly Announced[], place: Place): readonly string[] =>
  routes.map((r) => `${r.prefix} via ${ADDRESSES[place][isIPv4(r.prefix) ? 'ipv4' : 'ipv6']}`);
