import type { SpeakerConfig } from '../../src/bgp/config.ts';
import { Speaker } from '../../src/bgp/speaker.ts';
import type { Connection } from '../../src/bgp/transport.ts';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';
import { type Log, type LogFields, silentLog } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type FakeHost, FakeNetwork } from '../support/fake-network.ts';
import { Line } from './line.ts';
import type { Act, Setup } from './script.ts';

/** The recorded messages of the corpus were sent by this AS to that one. */
export const THEIR_AS = 65002;
const OUR_AS = 65001;
export const OUR_ID = address('10.9.9.1');
const US = { v4: address('10.9.9.1'), v6: address('fd09::1') };
const THEM = { v4: address('10.9.9.2'), v6: address('fd09::2') };
export const PEER = 'peer/fuzz';

/** Milliseconds after each act: many times the latency, little beside any timer. */
const REST = 10;
/** Turns of deferred work in one case beyond which it is a loop. */
const MAX_TURNS = 200_000;

/** A real speaker and the far end of its only peer, on a simulated network under a clock that stands still. */
export class World {
  readonly clock = new FakeClock();
  readonly speaker: Speaker;
  readonly lines: Line[] = [];
  /** Error lines of the speaker's log. */
  readonly errors: string[] = [];
  readonly host: FakeHost;
  /** The most octets that waited in one piece for a far end that did not read. */
  queued = 0;
  readonly #far: FakeHost;
  #turns = 0;

  constructor(setup: Setup) {
    const network = new FakeNetwork(this.clock);
    this.host = network.host(US.v4);
    this.#far = network.host(THEM.v4);
    this.#far.listen(
      { address: THEM.v4, port: 179 },
      {
        listening: () => {},
        refused: () => {},
        connection: (connection) => this.#adopt(connection, 'ours'),
        failed: (error) => {
          throw error;
        },
      },
    );
    // Somebody listens before the speaker dials.
    this.#rest();
    this.speaker = new Speaker({
      transport: this.host,
      clock: this.clock,
      log: this.#log(),
      defer: (fn) => this.#defer(fn),
      selectionDeferral: 120_000,
      onRoutes: () => {
        while (this.speaker.changes.take());
      },
      onPeers: () => {},
    });
    this.speaker.set(speakerConfig(setup));
    this.#rest();
  }

  /** Does it and lets the world come to rest; the line that it was about. */
  carryOut(act: Act): Line | undefined {
    const line = 'line' in act ? this.lines.filter((l) => l.open).at(-1 - act.line) : undefined;
    this.#perform(act, line);
    this.#rest();
    return line;
  }

  async stop(): Promise<void> {
    const stopped = this.speaker.stop();
    for (const line of this.lines) line.resume();
    this.clock.advance(5_000);
    await stopped;
  }

  #perform(act: Act, line: Line | undefined): void {
    switch (act.kind) {
      case 'dial':
        return this.#dial();
      case 'wait':
        return this.clock.advance(act.ms);
      case 'send':
        return line?.send(act.bytes);
      case 'close':
        return line?.close();
      case 'pause':
        return line?.pause();
      case 'resume':
        this.queued = Math.max(this.queued, line?.resume() ?? 0);
        return;
    }
  }

  #dial(): void {
    this.#far.connect(
      { address: US.v4, port: 179 },
      {},
      { connected: (connection) => this.#adopt(connection, 'theirs'), failed: () => {} },
    );
  }

  #adopt(connection: Connection, dialledBy: Line['dialledBy']): void {
    this.lines.push(new Line(connection, dialledBy, this.clock.monotonic()));
  }

  #rest(): void {
    this.clock.advance(REST);
  }

  #defer(fn: () => void): void {
    if (++this.#turns > MAX_TURNS)
      throw new Error(`more than ${MAX_TURNS} turns: the speaker does not come to rest`);
    this.clock.setTimer(0, fn);
  }

  #log(): Log {
    const error = (msg: string, fields?: LogFields): void => {
      this.errors.push(`${msg} ${JSON.stringify(fields)}`);
    };
    return { ...silentLog, error };
  }
}

function speakerConfig(setup: Setup): SpeakerConfig {
  const localAS = setup.peer === 'internal' ? THEIR_AS : OUR_AS;
  const { families, addPath, role, restartTime, holdTime, passive, routes } = setup;
  return {
    routerID: OUR_ID,
    localAS,
    listen: [{ address: US.v4, port: 179 }],
    nextHops: { ipv4: US.v4, ipv6: US.v6 },
    originated: Array.from({ length: routes }, (_, i) => ({
      prefix: prefix(`10.${100 + (i >> 8)}.${i & 255}.0/24`),
    })),
    peers: [
      {
        name: PEER,
        address: THEM.v4,
        port: 179,
        localAddress: US.v4,
        localAS,
        remoteAS: THEIR_AS,
        families: families === 'both' ? ['ipv4-unicast', 'ipv6-unicast'] : [`${families}-unicast`],
        holdTime,
        keepaliveTime: Math.max(1, Math.floor(holdTime / 3)),
        passive,
        import: { kind: 'all' },
        export: { kind: 'originated' },
        restartTime,
        longLivedStaleTime: 3600,
        ...(addPath !== undefined && { addPath }),
        ...(role !== undefined && { role }),
      },
    ],
  };
}
