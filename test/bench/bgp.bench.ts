/**
 * From the wire to the learned routes: a peer in this process sends a table over TCP on the loopback to a Speaker with the real
 * adapters, then withdraws it. Prints prefixes per second, the longest time the event loop was held (the peer's writes
 * included), the garbage collector's longest pause, and what the table costs in memory.
 */
import { connect, type Socket } from 'node:net';
import { PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../../src/agent/clock.ts';
import type { SpeakerConfig } from '../../src/bgp/config.ts';
import { Speaker } from '../../src/bgp/speaker.ts';
import { TcpTransport } from '../../src/bgp/tcp/tcp-transport.ts';
import { encodeMessage } from '../../src/bgp/wire/codec.ts';
import type { Announcement, OpenMessage } from '../../src/bgp/wire/message.ts';
import { negotiate } from '../../src/bgp/wire/negotiate.ts';
import { encodeAnnouncement, encodeWithdrawal } from '../../src/bgp/wire/update-encoder.ts';
import { address, addressFromBigInt } from '../../src/net/address.ts';
import { ByteWriter } from '../../src/net/byte-writer.ts';
import type { Prefix } from '../../src/net/prefix.ts';
import { silentLog } from '../../src/ports/log.ts';

const COUNT = 100_000;
const REPETITIONS = 5;
const PORT = 21_790 + (process.pid % 10_000);
const US = address('127.0.0.1');
const PEER = address('127.0.0.2');

const prefixes = Array.from(
  { length: COUNT },
  (_, i) => `${addressFromBigInt(BigInt(2 ** 24 + i * 256), 4)}/24` as Prefix,
);

const config: SpeakerConfig = {
  routerID: US,
  localAS: 65001,
  listen: [{ address: US, port: PORT }],
  originated: [],
  nextHops: { ipv4: US },
  peers: [
    {
      name: 'peer/bench',
      address: PEER,
      port: PORT,
      localAddress: US,
      localAS: 65001,
      remoteAS: 65002,
      families: ['ipv4-unicast'],
      holdTime: 90,
      keepaliveTime: 30,
      passive: true,
      import: { kind: 'exactly', prefixes },
      export: { kind: 'none' },
    },
  ],
};

const open: OpenMessage = {
  kind: 'open',
  as: 65002,
  holdTime: 90,
  routerID: PEER,
  capabilities: [
    { kind: 'multiprotocol', family: 'ipv4-unicast' },
    { kind: 'four-octet-as', as: 65002 },
  ],
};
const context = negotiate(open, { ...open, as: 65001 });

/** One UPDATE for each `perUpdate` prefixes; every UPDATE has attributes of its own, or all share one set. */
function table(perUpdate: number, distinct: boolean): Uint8Array {
  const out = new ByteWriter(COUNT * 64);
  for (let from = 0; from < COUNT; from += perUpdate) {
    const routes: Announcement = {
      family: 'ipv4-unicast',
      prefixes: prefixes.slice(from, from + perUpdate),
      attributes: {
        origin: 'igp',
        asPath: [{ kind: 'sequence', asns: [65002, ...(distinct ? [100_000 + from] : [])] }],
        med: 10,
        communities: [65002 * 65536 + 1],
      },
      nextHop: address('192.0.2.2'),
    };
    encodeAnnouncement(out, routes, context);
  }
  return out.copy();
}

function withdrawal(): Uint8Array {
  const out = new ByteWriter(COUNT * 8);
  for (let from = 0; from < COUNT; )
    from = encodeWithdrawal(out, { family: 'ipv4-unicast', prefixes }, context, from);
  return out.copy();
}

/** The longest gap between two turns of the event loop and the longest collection in it, milliseconds. */
class LoopWatch {
  hold = 0;
  collection = 0;
  #last = performance.now();
  #on = true;
  readonly #collections = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) this.collection = Math.max(this.collection, duration);
  });

  constructor() {
    const turn = (): void => {
      const now = performance.now();
      this.hold = Math.max(this.hold, now - this.#last);
      this.#last = now;
      if (this.#on) setImmediate(turn);
    };
    setImmediate(turn);
    this.#collections.observe({ entryTypes: ['gc'] });
  }

  stop(): void {
    this.#on = false;
    this.#collections.disconnect();
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

function dial(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: US, port: PORT, localAddress: PEER, noDelay: true });
    socket.once('connect', () => resolve(socket)).once('error', reject);
    socket.resume();
  });
}

interface Result {
  /** Milliseconds. */
  readonly learn: number;
  readonly withdraw: number;
  readonly hold: number;
  readonly collection: number;
  /** Bytes of live memory for each prefix. */
  readonly memory: number;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const live = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

async function run(bytes: Uint8Array, withdrawn: Uint8Array): Promise<Result> {
  const speaker = new Speaker({
    transport: new TcpTransport(),
    clock: systemClock,
    log: silentLog,
    defer: (fn) => void setImmediate(fn),
    selectionDeferral: 120_000,
    onRoutes: () => {},
    onPeers: () => {},
  });
  speaker.set(config);
  await new Promise((resolve) => {
    setTimeout(resolve, 50);
  });
  const socket = await dial();
  const greeting = new ByteWriter();
  encodeMessage(greeting, open);
  encodeMessage(greeting, { kind: 'keepalive' });
  socket.write(greeting.copy());
  await until(() => speaker.peers()[0]?.state === 'established');

  const before = live();
  const timed = async (what: Uint8Array, size: number): Promise<[number, LoopWatch]> => {
    const watch = new LoopWatch();
    const start = performance.now();
    socket.write(what);
    await until(() => speaker.learned().size === size);
    watch.stop();
    return [performance.now() - start, watch];
  };
  const [learn, first] = await timed(bytes, COUNT);
  const memory = (live() - before) / COUNT;
  const [withdraw, second] = await timed(withdrawn, 0);
  socket.destroy();
  await speaker.stop();
  return {
    learn,
    withdraw,
    hold: Math.max(first.hold, second.hold),
    collection: Math.max(first.collection, second.collection),
    memory,
  };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

console.log(`BGP: ${COUNT} prefixes from one peer over the loopback, medians of ${REPETITIONS}`);
console.log(
  '                                learn   prefixes/s    withdraw   loop held  longest GC  per prefix',
);
const gone = withdrawal();
for (const [name, perUpdate, distinct] of [
  ['5 an UPDATE, own attributes', 5, true],
  ['1 an UPDATE, own attributes', 1, true],
  ['1 an UPDATE, shared attributes', 1, false],
] as const) {
  const bytes = table(perUpdate, distinct);
  const results: Result[] = [];
  for (let i = 0; i < REPETITIONS; i++) results.push(await run(bytes, gone));
  const of = (key: keyof Result): number => median(results.map((r) => r[key]));
  const cells = [
    `${of('learn').toFixed(0)} ms`,
    (COUNT / (of('learn') / 1000)).toFixed(0),
    `${of('withdraw').toFixed(0)} ms`,
    `${Math.max(...results.map((r) => r.hold)).toFixed(1)} ms`,
    `${Math.max(...results.map((r) => r.collection)).toFixed(1)} ms`,
    `${of('memory').toFixed(0)} B`,
  ];
  console.log(name.padEnd(31) + cells.map((cell) => cell.padStart(12)).join(''));
}
