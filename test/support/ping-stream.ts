import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface PingTally {
  readonly sent: number;
  /** Those before the last answer that none came to, and those after it that had two seconds for one. */
  readonly lost: number;
  /** What fping says besides: of errors, duplicates, and why it does not start. */
  readonly errors: readonly string[];
}

/** Milliseconds after which a packet without an answer is lost. Until then a busy machine may be to blame. */
const PATIENCE = 2_000;

/**
 * A ping every 5 ms to each of some addresses. By fping: the usual ping waits for so short a time in a busy loop, and a handful of them leaves nothing
 * of the processors to those who are watched.
 */
export class PingStream implements Disposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #counts: ReadonlyMap<string, AnswerCount>;
  readonly #errors: string[] = [];

  /** `entrance` leads into the namespace of the sender, such as `nsenter --net=PATH`. */
  constructor(entrance: readonly string[], addresses: readonly string[]) {
    this.#counts = new Map(addresses.map((address) => [address, new AnswerCount()]));
    const fping = ['fping', '--loop', '--period=5', '--interval=1', `--timeout=${PATIENCE}`, ...addresses];
    const [first = '', ...argv] = [...entrance, ...fping];
    this.#child = spawn(first, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const input of [this.#child.stdout, this.#child.stderr])
      if (input !== null) createInterface({ input }).on('line', (line) => this.#take(line));
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
  }

  /** Waits until every address has answered to some packets that are sent from now on; false where one does not. */
  async flows(): Promise<boolean> {
    const counts = [...this.#counts.values()];
    // What is on its way now may be one packet, or two where the processors are busy.
    const wanted = counts.map(({ sent }) => sent + 10);
    const end = Date.now() + PATIENCE + 500;
    while (Date.now() < end) {
      if (counts.every(({ answeredUpTo }, index) => answeredUpTo >= (wanted[index] ?? 0))) return true;
      await sleep(10);
    }
    return false;
  }

  /** Ends it when answers have come once more, or time enough has passed without. @throws where fping has not run all the time */
  async end(): Promise<PingTally> {
    await this.flows();
    const { exitCode, signalCode, spawnargs } = this.#child;
    if (exitCode !== null || signalCode !== null || [...this.#counts.values()].some(({ sent }) => sent === 0))
      throw new Error(
        `${spawnargs.join(' ')}: ended with ${exitCode ?? signalCode}; ${this.#errors.join('; ')}`,
      );
    this.#child.kill('SIGINT');
    await this.#ended;
    const counts = [...this.#counts.values()];
    return {
      sent: counts.reduce((total, { sent }) => total + sent, 0),
      lost: counts.reduce((total, { sent, answered }) => total + sent - answered, 0),
      errors: this.#errors,
    };
  }

  #take(line: string): void {
    const [, address = '', said = ''] = /^(\S+)\s+: (.*)$/.exec(line) ?? [];
    const count = /duplicate|error/.test(said) ? undefined : this.#counts.get(address);
    if (count !== undefined) count.take(said);
    else if (line !== '') this.#errors.push(line);
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

/** What one address has answered. Numbers of packets begin at 0. */
class AnswerCount {
  answered = 0;
  /** The number after that of the last packet with an answer. */
  answeredUpTo = 0;
  /** The number after that of the last packet whose fate is known: those on their way are not counted, as by fping itself. */
  sent = 0;

  /** What fping says of the address: `[7], 64 bytes, 0.05 ms …` or `[7], timed out …`. */
  take(said: string): void {
    const [, number, fate] = /^\[(\d+)\], (\d+ bytes|timed out)/.exec(said) ?? [];
    if (number === undefined) return;
    this.sent = Math.max(this.sent, Number(number) + 1);
    if (fate === 'timed out') return;
    this.answered += 1;
    this.answeredUpTo = Math.max(this.answeredUpTo, Number(number) + 1);
  }
}
