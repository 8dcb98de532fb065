import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AgentNode } from '../support/agent-node.ts';
import { agentPair, learnedRoutes } from '../support/agent-pair.ts';
import { buildShim, runShim } from '../support/cni-node.ts';
import { createNetns, createSwitch, type TestNetns } from '../support/netns.ts';

let lan: TestNetns;

beforeAll(async () => {
  await buildShim();
  lan = await createSwitch();
});
afterAll(() => lan.remove());

/** A ping every 10 ms from one pod to another. */
class Stream implements Disposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #output = '';

  constructor(from: TestNetns, to: string) {
    const argv = [`--net=${from.path}`, 'ping', '-n', '-i', '0.01', to];
    this.#child = spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
  }

  /** How many packets have come back so far. */
  get answered(): number {
    return this.#output.match(/ icmp_seq=\d+ /g)?.length ?? 0;
  }

  /** Ends it; gives the statistics of ping, but for a last packet that had no time to come back. */
  async end(): Promise<{ readonly lost: number; readonly errors: boolean }> {
    this.#child.kill('SIGINT');
    await this.#ended;
    const numbers = /(\d+) packets transmitted, (\d+) received/.exec(this.#output)?.slice(1).map(Number);
    const last = Number([...this.#output.matchAll(/ icmp_seq=(\d+) ttl/g)].at(-1)?.[1]);
    const [transmitted = Number.NaN, received = Number.NaN] = numbers ?? [];
    return {
      lost: Math.max(transmitted - 1, last) - received,
      errors: /errors|duplicates|Unreachable/.test(this.#output),
    };
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

/** Attaches a pod as a runtime does; gives its addresses, IPv4 then IPv6. */
async function attach(node: AgentNode, pod: TestNetns): Promise<readonly string[]> {
  const { json } = await node.until('the pod network', async () => {
    const answer = await runShim(node.path('run', 'cni.sock'), {
      command: 'ADD',
      containerID: `restart-${pod.name}`,
      netns: pod.path,
    });
    return answer.exit === 0 && answer;
  });
  return (json.ips ?? []).map(({ address }) => address.split('/')[0] ?? '');
}

/** The session stands, everything is exchanged, and nothing is kept from before any more. */
async function settled(node: AgentNode): Promise<void> {
  await node.until('the session', async () => {
    const [peer] = await node.peers();
    return peer?.state === 'established' && peer.endOfRib && peer.gracefulRestart?.staleUntil === undefined;
  });
  await node.until('nothing held', async () => !(await node.gryphon('routes')).includes('held'));
}

it('no packet between pods is lost, and no route moves, while agents are killed or stopped and started again', async () => {
  await using pair = await agentPair(lan);
  const { a, b } = pair;
  a.start('node-a');
  b.start('node-b');
  using client = await createNetns();
  using server = await createNetns();
  await attach(a, client);
  const [ipv4 = '', ipv6 = ''] = await attach(b, server);
  await Promise.all([a, b].map(settled));
  const tables = [await a.routes(), await b.routes()];
  expect(await a.remoteRoutes()).toEqual(learnedRoutes.a);
  expect(await b.remoteRoutes()).toEqual(learnedRoutes.b);

  using monitorA = a.watchRoutes();
  using monitorB = b.watchRoutes();
  using first = new Stream(client, ipv4);
  using second = new Stream(client, ipv6);
  const streams = [first, second];
  /** Every stream has brought packets back since. */
  const flow = async (): Promise<void> => {
    const before = streams.map((s) => s.answered);
    await a.until('packets to come back', () =>
      Promise.resolve(streams.every((s, i) => s.answered > (before[i] ?? 0) + 10)),
    );
  };
  await flow();
  for (const [name, node] of [['node-a', a] as const, ['node-b', b] as const]) {
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await node.stop(signal);
      await flow();
      node.start(name);
      await Promise.all([a, b].map(settled));
      await flow();
    }
  }
  expect(await Promise.all(streams.map((s) => s.end()))).toEqual(
    streams.map(() => ({ lost: 0, errors: false })),
  );
  expect([await a.routes(), await b.routes()]).toEqual(tables);
  expect(await Promise.all([monitorA.upToNow(), monitorB.upToNow()])).toEqual([[], []]);
}, 120_000);
