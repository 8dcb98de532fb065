import type { PeerConfig, SpeakerConfig } from '../../src/bgp/config.ts';
import { Speaker } from '../../src/bgp/speaker.ts';
import type { PeerStatus } from '../../src/bgp/status.ts';
import type { Address } from '../../src/net/address.ts';
import { address } from '../../src/net/address.ts';
import { type Prefix, prefix } from '../../src/net/prefix.ts';
import { type Log, silentLog } from '../../src/ports/log.ts';
import { takenWays, type WaysChange } from './changes.ts';
import { FakeClock } from './fake-clock.ts';
import { type FakeHost, FakeNetwork } from './fake-network.ts';

/** One simulated node: its host, its speaker, what it was told. */
export interface SimNode {
  readonly index: number;
  readonly name: string;
  readonly address: Address;
  readonly podCIDR: Prefix;
  readonly host: FakeHost;
  speaker: Speaker;
  config: SpeakerConfig;
  readonly batches: (readonly WaysChange[])[];
}

export const nodeAddress = (index: number): Address => address(`192.0.2.${index}`);
export const podCIDR = (index: number): Prefix => prefix(`10.244.${index}.0/24`);

/** Node `from`'s view of node `to` in the full mesh. */
export function meshPeer(from: number, to: number, overrides: Partial<PeerConfig> = {}): PeerConfig {
  return {
    name: `mesh/node-${to}`,
    address: nodeAddress(to),
    port: 179,
    localAddress: nodeAddress(from),
    localAS: 64512,
    remoteAS: 64512,
    families: ['ipv4-unicast', 'ipv6-unicast'],
    holdTime: 30,
    keepaliveTime: 10,
    passive: false,
    import: { kind: 'exactly', prefixes: [podCIDR(to)] },
    export: { kind: 'originated' },
    notificationRestart: false,
    ...overrides,
  };
}

/** A full mesh of speakers on a simulated network. Nodes are numbered from 1. */
export class SimCluster {
  readonly clock: FakeClock;
  readonly network: FakeNetwork;
  readonly nodes: readonly SimNode[];
  readonly #log: Log;

  constructor(size: number, options: { readonly seed?: number; readonly log?: Log } = {}) {
    this.clock = new FakeClock({ seed: options.seed ?? 1 });
    this.network = new FakeNetwork(this.clock);
    this.#log = options.log ?? silentLog;
    this.nodes = Array.from({ length: size }, (_, i) => this.#makeNode(i + 1, size));
  }

  node(index: number): SimNode {
    const node = this.nodes[index - 1];
    if (node === undefined) throw new Error(`no node ${index}`);
    return node;
  }

  /** Gives every speaker its configuration. */
  start(): void {
    for (const node of this.nodes) node.speaker.set(node.config);
  }

  /** Changes a node's configuration. */
  configure(index: number, change: (config: SpeakerConfig) => SpeakerConfig): void {
    const node = this.node(index);
    node.config = change(node.config);
    node.speaker.set(node.config);
  }

  /** A new speaker in the place of one that stopped or crashed; `restart` as in its options. */
  restart(index: number, restart?: { readonly forwarding: boolean }): void {
    const node = this.node(index);
    node.speaker = this.#makeSpeaker(node.host, node.batches, restart);
    node.speaker.set(node.config);
  }

  run(seconds: number): void {
    this.clock.advance(seconds * 1000);
  }

  /** What a node says of its peer. */
  peer(index: number, other: number): PeerStatus {
    const status = this.node(index)
      .speaker.peers()
      .find((p) => p.name === `mesh/node-${other}`);
    if (status === undefined) throw new Error(`node ${index} has no peer ${other}`);
    return status;
  }

  /** The routes of a node as text, sorted: `10.244.2.0/24 via 192.0.2.2`. */
  routes(index: number): readonly string[] {
    return [...this.node(index).speaker.learned().values()]
      .map((r) => `${r.prefix} via ${r.nextHops.join(' ')}`)
      .sort();
  }

  #makeNode(index: number, size: number): SimNode {
    const host = this.network.host(nodeAddress(index));
    const batches: (readonly WaysChange[])[] = [];
    const others = Array.from({ length: size }, (_, i) => i + 1).filter((i) => i !== index);
    return {
      index,
      name: `node-${index}`,
      address: nodeAddress(index),
      podCIDR: podCIDR(index),
      host,
      batches,
      speaker: this.#makeSpeaker(host, batches),
      config: {
        routerID: nodeAddress(index),
        localAS: 64512,
        listen: [{ address: nodeAddress(index), port: 179 }],
        peers: others.map((other) => meshPeer(index, other)),
        originated: [{ prefix: podCIDR(index) }],
        nextHops: { ipv4: nodeAddress(index) },
      },
    };
  }

  #makeSpeaker(
    host: FakeHost,
    batches: (readonly WaysChange[])[],
    restart?: { readonly forwarding: boolean },
  ): Speaker {
    const speaker: Speaker = new Speaker({
      ...(restart !== undefined && { restart }),
      transport: host,
      clock: this.clock,
      log: this.#log,
      defer: (fn) => void this.clock.setTimer(0, fn),
      selectionDeferral: 120_000,
      onRoutes: () => void batches.push([...takenWays(speaker.changes)]),
      onPeers: () => {},
    });
    return speaker;
  }
}

/** What a node of a full mesh has learned when all is well, as `SimCluster.routes` gives it. */
export const others = (size: number, index: number): readonly string[] =>
  Array.from({ length: size }, (_, i) => i + 1)
    .filter((i) => i !== index)
    .map((i) => `10.244.${i}.0/24 via 192.0.2.${i}`)
    .sort();

/** A mesh that has settled; `info` and `warn` are told what its speakers log. */
export function converged(
  size: number,
  seed = 1,
  info: Log['info'] = () => {},
  warn: Log['warn'] = () => {},
): SimCluster {
  const cluster = new SimCluster(size, { seed, log: { ...silentLog, info, warn } });
  cluster.start();
  cluster.run(15);
  return cluster;
}
