import { type ChildProcess, spawn } from 'node:child_process';
import type { Probe } from './probes.ts';

export interface StreamResult {
  readonly sent: number;
  readonly lost: number;
  /** What fping says of errors and duplicates. */
  readonly errors: readonly string[];
}

/**
 * A ping every 5 ms from a probe to each of some addresses. By fping: the usual ping waits for so short a time in a busy loop, and a handful of
 * them leaves nothing of the processors to the cluster.
 */
export class Stream {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #addresses: readonly string[];
  #output = '';

  constructor(from: Probe, addresses: readonly string[]) {
    this.#addresses = addresses;
    // An answer that takes up to two seconds has not been lost.
    const fping = ['fping', '--loop', '--period=5', '--interval=1', '--timeout=2000', ...addresses];
    const argv = [...from.node.machine.networkEntrance, ...from.entrance, ...fping];
    this.#child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
  }

  async end(): Promise<StreamResult> {
    this.#child.kill('SIGINT');
    await this.#ended;
    const lines = this.#output.split('\n');
    return sum([
      ...this.#addresses.map((address) => resultOf(lines, address)),
      { sent: 0, lost: 0, errors: lines.filter((line) => /ICMP|unreachable|duplicate/i.test(line)) },
    ]);
  }
}

/** Of one address. The last packet may have had no time to come back, and is not counted then. */
function resultOf(lines: readonly string[], address: string): StreamResult {
  const mine = lines.filter((line) => line.startsWith(`${address} `));
  const [, sent = Number.NaN, received = Number.NaN] =
    /xmt\/rcv\/%loss = (\d+)\/(\d+)\//.exec(mine.at(-1) ?? '')?.map(Number) ?? [];
  const last = Number(/: \[(\d+)\], /.exec(mine.at(-2) ?? '')?.[1] ?? -1) + 1;
  return { sent, lost: Math.max(sent - 1, last) - received, errors: [] };
}

const sum = (results: readonly StreamResult[]): StreamResult => ({
  sent: results.reduce((total, { sent }) => total + sent, 0),
  lost: results.reduce((total, { lost }) => total + lost, 0),
  errors: results.flatMap(({ errors }) => errors),
});

/** Pings from each probe to the next one in both families while `work` is done: every node sends, forwards and answers. */
export async function duringStreams(
  probes: readonly Probe[],
  work: () => Promise<void>,
): Promise<StreamResult> {
  const streams = probes.map((from, index) => {
    const { ipv4, ipv6 } = probes[(index + 1) % probes.length] ?? from;
    return new Stream(from, [ipv4, ipv6]);
  });
  let results: readonly StreamResult[] = [];
  try {
    await work();
  } finally {
    results = await Promise.all(streams.map((stream) => stream.end()));
  }
  return sum(results);
}
