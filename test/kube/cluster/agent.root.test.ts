import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgentNode } from '../../support/agent-node.ts';
import { kubeNode } from '../../support/fake-kube.ts';
import type { KubeCommand } from '../../support/kube-process.ts';
import { createNetns, type TestNetns } from '../../support/netns.ts';

const NODES = '/api/v1/nodes';
const GRYPHON_NODE = '/apis/gryphon.dev/v1alpha1/gryphonnodes/node-a';
let outside: TestNetns;

beforeAll(async () => {
  outside = await createNetns();
});
afterAll(() => outside.remove());

/** An API server in the namespace of a node. */
class Cluster implements Disposable {
  /** Paths of the writes that arrived. */
  readonly writes: string[] = [];
  readonly #process;
  #done = 0;

  constructor(node: AgentNode) {
    const program = path.join(import.meta.dirname, '../../support/kube-process.ts');
    const argv = [`--net=${node.netns.path}`, process.execPath, program, node.path('kubeconfig')];
    this.#process = spawn('nsenter', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      if (line === 'done') this.#done++;
      else this.writes.push((JSON.parse(line) as { readonly path: string }).path.replace(/\?.*/, ''));
    });
  }

  async tell(command: KubeCommand): Promise<void> {
    const before = this.#done;
    this.#process.stdin.write(`${JSON.stringify(command)}\n`);
    await expect.poll(() => this.#done, { timeout: 10_000 }).toBeGreaterThan(before);
  }

  put(name: string, block: string, address: string): Promise<void> {
    const spec = { taints: [{ key: 'gryphon.dev/agent-not-ready', effect: 'NoSchedule' }] };
    return this.tell({ do: 'put', path: NODES, object: kubeNode(name, [block], address, { spec }) });
  }

  [Symbol.dispose](): void {
    this.#process.kill('SIGKILL');
  }
}

const blockA = 'blackhole 10.244.1.0/24';
const blockB = (net: number): string => `10.244.${net}.0/24 via 192.0.2.11 dev eth0 src 192.0.2.10`;

it('an agent follows an API server, writes what its Node lacks, and outlives the server', async () => {
  await using node = await AgentNode.create(outside, ['192.0.2.10/24']);
  using cluster = new Cluster(node);
  await cluster.put('node-a', '10.244.1.0/24', '192.0.2.10');
  await cluster.put('node-b', '10.244.2.0/24', '192.0.2.11');
  node.start('node-a', '--bgp', 'off', '--source', 'kubernetes', '--kubeconfig', node.path('kubeconfig'));
  await node.until('the routes', async () => (await node.routes()).length === 2);
  expect(await node.routes()).toEqual([blockA, blockB(2)]);

  await node.gryphon('install-cni', '--cni-bin-dir', node.path('bin'));
  await node.until('the agent to be ready', async () => (await node.status()).ready);
  const writes = (path: string) => cluster.writes.filter((write) => write.startsWith(path));
  await node.until('the writes', () => Promise.resolve(writes(NODES).length >= 2));
  expect(writes(NODES).slice(0, 2)).toEqual([`${NODES}/node-a/status`, `${NODES}/node-a`]);
  // It was made before the node was ready.
  expect(writes(GRYPHON_NODE).slice(0, 2)).toEqual([GRYPHON_NODE, `${GRYPHON_NODE}/status`]);

  await cluster.put('node-b', '10.244.3.0/24', '192.0.2.11');
  await node.until('the other block', async () => (await node.routes()).includes(blockB(3)));

  await cluster.tell({ do: 'down' });
  await node.until('the loss to be told', async () => {
    const page = await node.gryphon('status');
    return page.includes('kubernetes/nodes') && /since \d{4}-/.test(page);
  });
  expect(await node.routes()).toEqual([blockA, blockB(3)]);
  await cluster.put('node-b', '10.244.4.0/24', '192.0.2.11');
  await cluster.tell({ do: 'up' });
  await node.until('what was missed', async () => (await node.routes()).includes(blockB(4)));
  await cluster.tell({ do: 'delete', path: NODES, name: 'node-b' });
  await node.until('the node to be gone', async () => (await node.routes()).length === 1);
  expect(await node.stop()).toBe(0);
});
