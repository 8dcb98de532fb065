import { type ChildProcess, spawn } from 'node:child_process';
import type { Probe } from './probes.ts';

export interface StreamResult {
  readonly sent: number;
  readonly lost: number;
  /** Lines that ping prints of errors and duplicates. */
  readonly errors: readonly string[];
}

/** A ping every 5 ms from a probe to an address. */
export class Stream {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #output = '';

  constructor(from: Probe, to: string) {
    const argv = [...from.node.machine.networkEntrance, ...from.entrance, 'ping', '-n', '-i', '0.005', to];
    this.#child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
  }

  /** Ends it. The last packet may have had no time to come back, and is not counted then. */
  async end(): Promise<StreamResult> {
    this.#child.kill('SIGINT');
    await this.#ended;
    const [, sent = Number.NaN, received = Number.NaN] =
      /(\d+) packets transmitted, (\d+) received/.exec(this.#output)?.map(Number) ?? [];
    const last = Number([...this.#output.matchAll(/ icmp_seq=(\d+) ttl/g)].at(-1)?.[1]);
    return {
      sent,
      lost: Math.max(sent - 1, last) - received,
      errors: this.#output.split('\n').filter((line) => /unreachable|DUP|exceeded|Redirect/i.test(line)),
    };
  }
}

/** Pings from each probe to the next one in both families while `work` is done: every node sends, forwards and answers. */
export async function duringStreams(
  probes: readonly Probe[],
  work: () => Promise<void>,
): Promise<StreamResult> {
  const streams = probes.flatMap((from, index) => {
    const to = probes[(index + 1) % probes.length] ?? from;
    return [to.ipv4, to.ipv6].map((address) => new Stream(from, address));
  });
  let results: readonly StreamResult[] = [];
  try {
    await work();
  } finally {
    results = await Promise.all(streams.map((stream) => stream.end()));
  }
  return {
    sent: results.reduce((sum, { sent }) => sum + sent, 0),
    lost: results.reduce((sum, { lost }) => sum + lost, 0),
    errors: results.flatMap(({ errors }) => errors),
  };
}
