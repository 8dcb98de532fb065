import { Announcer } from '../bgp/announcer.ts';
import { Channel } from '../bgp/channel.ts';
import type { ImportPolicy, PeerConfig } from '../bgp/config.ts';
import { Rib } from '../bgp/rib/rib.ts';
import type { Connection } from '../bgp/transport.ts';
import type { OpenMessage, UpdateMessage, WireContext } from '../bgp/wire/message.ts';
import { negotiate } from '../bgp/wire/negotiate.ts';
import { encodeAnnouncement, encodeWithdrawal } from '../bgp/wire/update-encoder.ts';
import { LearnedRoutes } from '../calc/learned-routes.ts';
import { NextHopResolver } from '../calc/next-hops.ts';
import { RemoteRoutes } from '../calc/remote-routes.ts';
import { keepNothing } from '../dataplane/route-intent.ts';
import { RouteDriver, type RouteKernel } from '../dataplane/routes.ts';
import { type Address, address } from '../net/address.ts';
import { ByteWriter } from '../net/byte-writer.ts';
import { type Prefix, prefix } from '../net/prefix.ts';
import { prefixText } from '../net/prefix-words.ts';
import { MessageWriter } from '../netlink/wire/message-writer.ts';
import { encodeRequest } from '../netlink/wire/request-codec.ts';
import { yieldToEventLoop } from '../netlink/yield.ts';
import type { Clock } from '../ports/clock.ts';

/** UPDATEs in one turn of the event loop, prefixes in each, and such turns: by then everything is compiled. */
const UPDATES = 20;
const PREFIXES = 5;
const TURNS = 120;
/** So many turns later what was announced is withdrawn again: before the garbage collector takes it for something that stays. */
const LIFETIME = 40;

const [ROUTER, SENDER, RECEIVER] = [address('192.0.2.1'), address('192.0.2.2'), address('192.0.2.3')];
const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;
const [OWN_AS, SENDER_AS, RECEIVER_AS] = [64_512, 65_001, 65_002];

const openOf = (as: number, routerID: Address): OpenMessage => ({
  kind: 'open',
  as,
  holdTime: 30,
  routerID,
  capabilities: [
    ...FAMILIES.map((family) => ({ kind: 'multiprotocol', family }) as const),
    { kind: 'route-refresh' },
    { kind: 'four-octet-as', as },
  ],
});

/** Made as a session makes it: code that is compiled for objects of one shape is thrown away when it meets another. */
const CONTEXT: WireContext = negotiate(openOf(OWN_AS, ROUTER), openOf(SENDER_AS, SENDER));

/** With filters, as those have who are believed more than nodes. */
const IMPORT: ImportPolicy = {
  kind: 'none',
  rules: [
    {
      name: '',
      family: 'ipv4-unicast',
      match: { cidr: { prefix: prefix('0.0.0.0/0'), operator: 'Equal' } },
      action: 'reject',
      operations: [],
    },
    { name: '', family: 'ipv4-unicast', match: {}, action: 'accept', operations: [] },
  ],
};

/** Whether somebody may send more routes than nodes have: only then is it worth what it costs, in memory too. */
export const takesTables = ({ peers }: { readonly peers: readonly Pick<PeerConfig, 'import'>[] }): boolean =>
  peers.some(({ import: policy }) => policy.kind === 'all' || (policy.rules ?? []).length > 0);

/**
 * Sends routes from UPDATEs to netlink messages, through the very code that real ones go through but with tables of their own and
 * into nothing. New code is interpreted, at a tenth of its speed, and what it meets first decides how it is compiled: without this
 * the first table after a start, when all peers tell everything at once, would take twice as long and hold the event loop.
 *
 * A little in each turn of the event loop; nobody waits for it. Gives how many requests to the kernel would have been made.
 *
 * @throws the abort reason
 */
export async function rehearse(clock: Clock, signal: AbortSignal): Promise<number> {
  const stage = new Stage(clock);
  let requests = 0;
  for (let turn = 0; turn < TURNS + LIFETIME; turn++) {
    if (turn < TURNS) stage.hear(announcements(turn));
    if (turn >= LIFETIME) stage.hear(withdrawals(turn - LIFETIME));
    requests += await stage.write(signal);
    await yieldToEventLoop();
  }
  return requests;
}

/** One peer that tells, one that is told, and a kernel that takes everything. */
class Stage {
  readonly #rib = new Rib();
  readonly #inbound = this.#rib.open(
    {
      name: 'sender',
      kind: 'external',
      routerID: SENDER,
      address: SENDER,
      reflectorClient: undefined,
      link: undefined,
    },
    IMPORT,
    { localAS: OWN_AS, remoteAS: SENDER_AS },
  );
  readonly #channel = new Channel(0, NO_CONNECTION);
  readonly #announcer: Announcer;
  readonly #driver: RouteDriver;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    const rib = this.#rib;
    rib.setSelf(
      {
        routerID: ROUTER,
        asNumbers: new Set([OWN_AS]),
        addresses: new Set([ROUTER]),
        originated: new Set([OWN_BLOCK]),
        localPrefixes: [OWN_BLOCK],
      },
      [],
    );
    const receiver = {
      name: 'receiver',
      address: RECEIVER,
      routerID: RECEIVER,
      localAS: OWN_AS,
      remoteAS: RECEIVER_AS,
      export: { kind: 'all' },
      families: FAMILIES,
      extendedNextHop: false,
      longLived: false,
    } as const;
    const speaker = { routerID: ROUTER, nextHops: { ipv4: ROUTER } };
    const outlet = rib.attach(receiver, speaker, { families: FAMILIES, addPath: [], wake: () => {} });
    this.#announcer = new Announcer(outlet, CONTEXT);
    this.#channel.agree(CONTEXT);
    const self = {
      name: '',
      node: undefined,
      addresses: { ipv4: ROUTER },
      claims: [],
      podCIDRs: [OWN_BLOCK],
      problems: [],
    };
    const changes = new LearnedRoutes(rib.learned);
    changes.set(
      new RemoteRoutes(self, new NextHopResolver([SUBNET], new Set(), new Set([ROUTER]))),
      new Map(),
    );
    this.#driver = new RouteDriver({ kernel: new NoKernel(), clock });
    this.#driver.set({ routes: new Map(), changes, hold: new Set(), keep: keepNothing });
  }

  /** As a socket has it: Buffers that end in the middle of a message, at times with fractions. */
  hear(bytes: Uint8Array): void {
    const cut = bytes.length >> 1;
    for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)])
      this.#channel.push(Buffer.from(part), this.#clock.monotonic());
    for (let next = this.#channel.next(); next !== undefined; next = this.#channel.next())
      if (next.decoded.kind === 'message' && next.decoded.message.kind === 'update')
        this.#take(next.decoded.message);
    this.#rib.flush(UPDATES * PREFIXES);
  }

  #take({ announced, withdrawn }: UpdateMessage): void {
    for (const routes of withdrawn) this.#rib.withdraw(this.#inbound, routes);
    for (const routes of announced) this.#rib.announce(this.#inbound, routes);
  }

  async write(signal: AbortSignal): Promise<number> {
    this.#announcer.next();
    return (await this.#driver.apply(signal)).written;
  }
}

/** Takes every request, as bytes. */
class NoKernel implements RouteKernel {
  readonly #messages = new MessageWriter();

  links(): readonly [] {
    return [];
  }

  routesAsync(): Promise<readonly []> {
    return Promise.resolve([]);
  }

  runAsync(requests: Parameters<RouteKernel['runAsync']>[0]): Promise<readonly []> {
    this.#messages.reset();
    for (const request of requests)
      if (request !== undefined) encodeRequest(this.#messages, request, 0, false);
    return Promise.resolve([]);
  }
}

const nothing = (): void => {};
const NO_CONNECTION: Connection = {
  local: { address: ROUTER, port: 0 },
  remote: { address: SENDER, port: 0 },
  start: nothing,
  write: () => true,
  pause: nothing,
  resume: nothing,
  setPassword: nothing,
  close: nothing,
  destroy: nothing,
};

const OWN_BLOCK = prefix('10.244.0.0/24');

/** Through which the next hop is reached. */
const SUBNET = {
  prefix: prefix('192.0.2.0/24'),
  kind: 'unicast',
  table: 254,
  protocol: 2,
  scope: 253,
  metric: 0,
  nextHops: [{ link: 1 }],
} as const;

/**
 * Spread over 16.0.0.0/4 and 144.0.0.0/4, in which nothing is refused: numbers above 2^31 are another matter to the compilers
 * than those below.
 */
function prefixesOf(turn: number, update: number): readonly Prefix[] {
  const first = (turn * UPDATES + update) * PREFIXES;
  return Array.from({ length: PREFIXES }, (_, i) => {
    // An odd factor meets every /22 once.
    const w0 = (((((first + i) * 357_913) << 10) & 0x8fff_ffff) | 0x1000_0000) >>> 0;
    return prefixText({ family: 4, bits: 22 + (i % 3), w0, w1: 0, w2: 0, w3: 0 });
  });
}

/** As tables have them: nearly every UPDATE with a path of its own, some with MED, some with communities. */
function announcements(turn: number): Uint8Array {
  const out = new ByteWriter();
  for (let update = 0; update < UPDATES; update++) {
    const seed = turn * UPDATES + update;
    const announcement = {
      family: 'ipv4-unicast',
      prefixes: prefixesOf(turn, update),
      attributes: {
        origin: 'igp',
        asPath: [{ kind: 'sequence', asns: pathOf(seed) }],
        ...(seed % 2 === 0 && { med: seed }),
        ...(seed % 6 > 0 && {
          communities: Array.from(
            { length: seed % 6 },
            (_, i) => SENDER_AS * 0x10000 + ((i + seed) & 0xffff),
          ),
        }),
      },
      nextHop: SENDER,
    } as const;
    encodeAnnouncement(out, announcement, CONTEXT);
  }
  return out.view();
}

const pathOf = (seed: number): readonly number[] => [
  SENDER_AS,
  ...Array.from({ length: 1 + (seed % 6) }, (_, i) => 100_000 + i * seed),
];

function withdrawals(turn: number): Uint8Array {
  const out = new ByteWriter();
  const prefixes = Array.from({ length: UPDATES }, (_, update) => prefixesOf(turn, update)).flat();
  encodeWithdrawal(out, { family: 'ipv4-unicast', prefixes }, CONTEXT);
  return out.view();
}
