import type { Origination, PeerConfig } from '../../src/bgp/config.ts';
import type { Announced, SessionRib } from '../../src/bgp/exchange.ts';
import { Rib } from '../../src/bgp/rib/rib.ts';
import { Session } from '../../src/bgp/session.ts';
import { Turns } from '../../src/bgp/turns.ts';
import type { OpenMessage } from '../../src/bgp/wire/message.ts';
import type { Address } from '../../src/net/address.ts';
import type { LogFields } from '../../src/ports/log.ts';
import { type Log, silentLog } from '../../src/ports/log.ts';
import { meshPeer, nodeAddress, podCIDR } from '../support/bgp-cluster.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeNetwork } from '../support/fake-network.ts';
import { RawPeer } from '../support/raw-peer.ts';

export const open: OpenMessage = {
  kind: 'open',
  as: 64512,
  holdTime: 90,
  routerID: nodeAddress(2),
  capabilities: [
    { kind: 'multiprotocol', family: 'ipv4-unicast' },
    { kind: 'multiprotocol', family: 'ipv6-unicast' },
    { kind: 'route-refresh' },
    { kind: 'four-octet-as', as: 64512 },
  ],
};

/** KEEPALIVE with a marker that is not all ones. */
export const badMarker = Uint8Array.from([...Array(16).fill(0), 0, 19, 4]);

/** An UPDATE for 10.244.2.0/24 whose ORIGIN is 7: treat-as-withdraw. */
export const badOrigin = Uint8Array.from([
  ...Array(16).fill(255),
  0,
  45,
  2,
  0,
  0,
  0,
  18,
  0x40,
  1,
  1,
  7,
  0x40,
  2,
  0,
  0x40,
  3,
  4,
  192,
  0,
  2,
  2,
  0x40,
  5,
  4,
  0,
  0,
  0,
  100,
  24,
  10,
  244,
  2,
]);
badOrigin[17] = badOrigin.length;
badOrigin[22] = badOrigin.length - 23 - 4;

export interface World {
  readonly clock: FakeClock;
  readonly network: FakeNetwork;
  readonly peer: RawPeer;
  readonly session: Session;
  readonly lines: string[];
  /** With `hold`, deferred work is kept here instead of being run, and a turn is over after one piece of it. */
  readonly turns: { hold: boolean; readonly held: (() => void)[] };
  readonly run: (seconds: number) => void;
  readonly routes: () => readonly string[];
}

export interface Originating {
  readonly originated?: readonly Origination[];
}

/** A session of node 1 with a raw peer on node 2. */
export function world(
  overrides: Partial<PeerConfig> = {},
  { originated = [{ prefix: podCIDR(1) }], ...announced }: Partial<Announced> & Originating = {},
  wrap: (rib: Rib) => SessionRib = (rib) => rib,
  opening: OpenMessage = open,
): World {
  const clock = new FakeClock();
  const network = new FakeNetwork(clock);
  const rib = new Rib();
  const lines: string[] = [];
  const turns: World['turns'] = { hold: false, held: [] };
  const peer = new RawPeer(network.host(nodeAddress(2)), opening);
  const speaker: Announced = {
    routerID: nodeAddress(1),
    nextHops: { ipv4: nodeAddress(1) },
    ...announced,
  };
  const line = (level: string) => (msg: string, fields?: LogFields) =>
    void lines.push(`${level} ${msg}${typeof fields?.bytes === 'string' ? ` ${fields.bytes}` : ''}`);
  const log: Log = { ...silentLog, info: line('info'), warn: line('warn'), error: line('error') };
  const self = { routerID: nodeAddress(1), asNumbers: new Set([64512]), addresses: new Set<Address>() };
  rib.setSelf({ ...self, originated: new Set() }, originated);
  let slow = 0;
  const defer = (fn: () => void): void => void (turns.hold ? turns.held.push(fn) : clock.setTimer(0, fn));
  const session = new Session(meshPeer(1, 2, overrides), speaker, {
    transport: network.host(nodeAddress(1)),
    clock,
    log,
    defer,
    turns: new Turns({ clock: { monotonic: () => (turns.hold ? (slow += 10) : 0) }, defer }),
    rib: wrap(rib),
    onChange: () => {},
    onRoutes: () => {},
  });
  const run = (seconds: number): void => clock.advance(seconds * 1000);
  const routes = (): readonly string[] => {
    rib.flush();
    return [...rib.learned.routes()].map((route) => route.prefix);
  };
  return { clock, network, peer, session, lines, turns, run, routes };
}

/** The same, established and with the initial table exchanged. */
export function established(...args: Parameters<typeof world>): World {
  const made = world(...args);
  made.run(1);
  made.peer.establish();
  made.run(1);
  return made;
}

export const route = (n: number) =>
  ({
    family: 'ipv4-unicast',
    prefixes: [podCIDR(n)],
    attributes: { origin: 'igp', asPath: [], localPref: 100 },
    nextHop: nodeAddress(n),
  }) as const;
