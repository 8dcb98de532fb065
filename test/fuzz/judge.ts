import type { Line } from './line.ts';
import { HEADER, toHex } from './octets.ts';
import { type Ending, ending, endingText, isEnding } from './oracle/ending.ts';
import { LineOracle } from './oracle/line-oracle.ts';
import { RoutesJudge } from './routes-judge.ts';
import type { Act, Setup } from './script.ts';
import { PEER, THEIR_AS, type World } from './world.ts';

const OPEN = 1;
const UPDATE = 2;
const NOTIFICATION = 3;
const KEEPALIVE = 4;

/** RFC 4271 §6.8 and RFC 4486: between two connections of one peer. */
const COLLISION = ending('RFC 4271 §6.8', 6, 7);
const UNANSWERED = [
  ...[OPEN, UPDATE, 5].map((type) => ending('RFC 6608 §3', 5, 2, Uint8Array.of(type))),
  ...[0, 1, 2, 3, 4, 6, 7, 11].map((subcode) => ending('RFC 4271 §6.2', 2, subcode)),
];
/** Octets that may wait for a far end that reads nothing: TCP's window and one write. */
const MAX_QUEUED = 192 * 1024;
/** Milliseconds between two attempts to connect, at the least. */
const MIN_RETRY = 700;

const LEGAL_STATES = new Set(['idle', 'connect', 'active', 'opensent', 'openconfirm', 'established']);

/** Compares what the speaker does with what the oracles say, act after act. */
export class Judge {
  readonly #world: World;
  readonly #setup: Setup;
  readonly #oracles = new Map<Line, LineOracle>();
  readonly #routes = new RoutesJudge();
  readonly #concluded = new Set<Line>();
  /** `messages` when the routes were looked at. */
  #seen = -1;
  /** What is wrong, in words; the first is the cause. */
  readonly complaints: string[] = [];

  constructor(world: World, setup: Setup) {
    this.#world = world;
    this.#setup = setup;
    this.#meet();
  }

  /** Messages that the speaker was sent so far, as far as it had to look at them. */
  get messages(): number {
    return [...this.#oracles.values()].reduce((sum, { messages }) => sum + messages, 0);
  }

  /** `line`: whom the act was about; `before`: when it was done. */
  after(act: Act, line: Line | undefined, before: number): void {
    const oracle = line === undefined ? undefined : this.#oracles.get(line);
    if (act.kind === 'send') oracle?.receive(act.bytes, before);
    if (act.kind === 'close') oracle?.stop();
    this.#meet();
    for (const known of this.#oracles.values()) known.expire(this.#world.clock.monotonic());
    for (const [each, its] of this.#oracles) this.#compare(each, its);
    // A piece of a message changes nothing, and the table is long.
    const idle = act.kind === 'send' && this.messages === this.#seen;
    this.#seen = this.messages;
    this.#checkWhole(!idle);
  }

  /** New connections get an oracle, and each oracle the OPEN that its connection began with. */
  #meet(): void {
    for (const line of this.#world.lines) {
      const oracle = this.#oracles.get(line) ?? this.#makeOracle(line);
      const [first] = line.heard;
      if (first?.type === OPEN) oracle.hearOpen(first.bytes);
    }
  }

  #makeOracle(line: Line): LineOracle {
    const localAS = this.#setup.peer === 'internal' ? THEIR_AS : THEIR_AS - 1;
    const oracle = new LineOracle({ localAS, remoteAS: THEIR_AS }, line.since);
    this.#oracles.set(line, oracle);
    return oracle;
  }

  // --- one connection ---

  #compare(line: Line, oracle: LineOracle): void {
    if (line.garbage !== undefined) this.#complain(`it sends what is no message: ${toHex(line.garbage)}`);
    if (line.paused) return;
    this.#checkOrder(line, oracle);
    const last = line.heard.at(-1);
    const said = last?.type === NOTIFICATION ? last.bytes : undefined;
    if (oracle.over) return this.#checkEnd(line, oracle, said);
    if (said === undefined && line.ended === undefined) return;
    // A connection that comes in Idle is refused at once (RFC 4271 §8.2.2).
    const refused = said === undefined && line.heard.length === 0;
    const collided = this.#rivals > 1 && said === undefined;
    const allowed =
      oracle.vague ||
      (said !== undefined && [...oracle.allowed, ...this.#byRivalry(line)].some((e) => isEnding(said, e)));
    if (!refused && !collided && !allowed) this.#complain(`it ends with ${text(said)}, nothing is wrong`);
    oracle.stop();
    this.#conclude(line, oracle, said);
  }

  /** Once for each session, when it is over. */
  #conclude(line: Line, oracle: LineOracle, said: Uint8Array | undefined): void {
    if (!oracle.wasEstablished || this.#concluded.has(line)) return;
    this.#concluded.add(line);
    if (oracle.vague || this.#rivals > 1) this.#routes.lookAway();
    else this.#routes.ended(oracle.mayBeKept(said));
  }

  #checkEnd(line: Line, oracle: LineOracle, said: Uint8Array | undefined): void {
    this.#conclude(line, oracle, said);
    if (oracle.vague || line.closedByFarEnd) return;
    const { endings, allowed, mayBeSilent } = oracle;
    const wanted = [...endings, ...allowed, ...this.#byRivalry(line)];
    if (said === undefined) {
      // Of a peer that does not read a last word may get lost.
      if (!mayBeSilent && !line.everPaused)
        this.#complain(`it says nothing, wanted ${endings.map(endingText).join(' or ')}`);
    } else if (!wanted.some((e) => isEnding(said, e))) {
      this.#complain(
        `it ends with ${text(said)}, wanted ${wanted.map(endingText).join(' or ') || 'silence'}`,
      );
    }
    if (line.ended === undefined) this.#complain('it does not close the connection');
  }

  /** What two connections at once allow. */
  #byRivalry({ heard }: Line): readonly Ending[] {
    if (this.#rivals === 1) return [];
    // Whoever was not answered is in OpenConfirm, though it has sent its KEEPALIVE already: its rival is waited for.
    const waits = heard.every(({ type }) => type !== KEEPALIVE);
    return waits ? [COLLISION, ...UNANSWERED] : [COLLISION];
  }

  /** Connections that have been there at the same time as another one. */
  get #rivals(): number {
    return this.#world.lines.length;
  }

  /** What the speaker says is in order whatever it is told: RFC 4271 §8.2.2. */
  #checkOrder({ heard, ended }: Line, { phase, terms }: LineOracle): void {
    const [first, second] = heard;
    if (first === undefined) {
      if (ended === undefined) this.#complain('it does not send an OPEN');
      return;
    }
    if (first.type !== OPEN) this.#complain(`it begins with a message of type ${first.type}`);
    if (heard.slice(1).some(({ type }) => type === OPEN)) this.#complain('it sends a second OPEN');
    if (heard.slice(0, -1).some(({ type }) => type === NOTIFICATION))
      this.#complain('it talks on after a NOTIFICATION');
    const long = terms?.longOut === true ? 65535 : 4096;
    if (heard.some(({ bytes }) => bytes.length > long || bytes.length < HEADER))
      this.#complain('it sends a message that is too long');
    if (second !== undefined && second.type !== KEEPALIVE && second.type !== NOTIFICATION)
      this.#complain(`it answers an OPEN with a message of type ${second.type}`);
    if (phase === 'opensent' && heard.some(({ type }) => type === KEEPALIVE))
      this.#complain('it answers an OPEN that it has not');
    if (phase === 'openconfirm' && heard.some(({ type }) => type === UPDATE))
      this.#complain('it sends routes before KEEPALIVE');
    if (phase === 'openconfirm' && second === undefined && this.#rivals === 1)
      this.#complain('it does not answer an OPEN');
  }

  // --- the whole speaker ---

  #checkWhole(withRoutes: boolean): void {
    const { speaker, errors, queued, host, clock } = this.#world;
    const status = speaker.peers().find(({ name }) => name === PEER);
    if (speaker.exceptions > 0 || errors.length > 0) this.#complain(`exception: ${errors.join('; ')}`);
    if (queued > MAX_QUEUED) this.#complain(`${queued} octets are queued`);
    const dials = 3 + clock.monotonic() / MIN_RETRY;
    if (host.dials > dials) this.#complain(`${host.dials} attempts to connect in ${clock.monotonic()} ms`);
    if (status === undefined || !LEGAL_STATES.has(status.state))
      return this.#complain(`its state is ${status?.state}`);
    const live = [...this.#oracles].filter(([line, oracle]) => !oracle.over && line.ended === undefined);
    const [only] = live;
    if (live.length > 1 || live.some(([line, { vague }]) => vague || line.paused))
      return this.#routes.lookAway();
    this.#checkState(status.state, only?.[1].phase);
    const routes = withRoutes && this.#routes.check(speaker, status, only?.[1]);
    if (typeof routes === 'string') this.#complain(routes);
  }

  #checkState(state: string, phase: LineOracle['phase'] | undefined): void {
    // While a rival is still closing, the answer to an OPEN may wait.
    const waits = phase === 'openconfirm' && state === 'opensent' && this.#rivals > 1;
    const good =
      phase === undefined ? ['idle', 'connect', 'active'].includes(state) : state === phase || waits;
    if (!good) this.#complain(`its state is ${state}, wanted ${phase ?? 'none with a connection'}`);
  }

  #complain(complaint: string): void {
    if (!this.complaints.includes(complaint)) this.complaints.push(complaint);
  }
}

const text = (said: Uint8Array | undefined): string =>
  said === undefined ? 'the end of TCP' : `${said[19]}/${said[20]} ${toHex(said.subarray(21))}`.trim();
