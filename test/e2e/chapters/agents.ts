import { expect, test } from 'vitest';
import type { PingTally } from '../../support/ping-stream.ts';
import type { WorkerNode } from '../cluster/node.ts';
import { until } from '../cluster/until.ts';
import { probesTalk } from '../probe/probes.ts';
import { duringStreams } from '../probe/stream.ts';
import { type Stage, seconds } from '../stage.ts';

/** The process of a node's agent, in the count of the node. */
export const agentOf = async ({ machine }: WorkerNode): Promise<string> =>
  (await machine.exec('pgrep', '--full', 'gryphon.mjs agent')).trim();

/** What an agent says of itself, as far as tests look into it. */
export interface AgentStatus {
  readonly ready: boolean;
  readonly problems: readonly { readonly code: string; readonly message: string }[];
}

export const statusOf = async ({ machine }: WorkerNode): Promise<AgentStatus> =>
  JSON.parse(await machine.exec('curl', '--silent', 'http://127.0.0.1:17179/v1/status')) as AgentStatus;

export const isReady = async ({ machine }: WorkerNode): Promise<boolean> =>
  (await machine.exec('curl', '--silent', '--fail', 'http://127.0.0.1:17179/readyz')).length > 0;

export const told = ({ sent, lost }: PingTally): string => `${lost} of ${sent} lost`;

export function agents(stage: Stage): void {
  /** What the kernels of all nodes say about routes while `work` is done. */
  const routeChanges = async (work: () => Promise<void>): Promise<readonly string[]> => {
    const monitors = stage.cluster.nodes.map(({ machine }) =>
      machine.start(`routes-${Date.now()}`, ['ip', 'monitor', 'route']),
    );
    await work();
    await Promise.all(monitors.map((monitor) => monitor.kill('SIGTERM')));
    return monitors
      .flatMap((monitor) => monitor.log().split('\n'))
      .filter((line) => / proto 71\b/.test(line));
  };

  test('an agent that is killed is not missed by any packet', async () => {
    const node = stage.cluster.node(0);
    const before = await agentOf(node);
    let result: PingTally | undefined;
    const changes = await routeChanges(async () => {
      result = await duringStreams(stage.probes, async () => {
        const start = Date.now();
        await node.machine.exec('kill', '-9', before);
        await until(
          'another agent is ready',
          60,
          async () => (await agentOf(node)) !== before && (await isReady(node)),
        );
        stage.figure('from kill -9 of an agent to the next one ready', seconds(Date.now() - start));
      });
    });
    stage.figure('ping every 5 ms through kill -9', told(result!));
    expect(result).toMatchObject({ lost: 0, errors: [] });
    expect(changes).toEqual([]);
  });

  test('a rolling update of all agents is not missed by any packet', async () => {
    const { kubectl, nodes } = stage.cluster;
    const before = await Promise.all(nodes.map(agentOf));
    let result: PingTally | undefined;
    const changes = await routeChanges(async () => {
      result = await duringStreams(stage.probes, async () => {
        const start = Date.now();
        await kubectl.do('--namespace gryphon-system rollout restart daemonset gryphon');
        await kubectl.do('--namespace gryphon-system rollout status daemonset gryphon --timeout 150s');
        stage.figure('rolling update of three agents', seconds(Date.now() - start));
      });
    });
    stage.figure('ping every 5 ms through the rolling update', told(result!));
    expect(result).toMatchObject({ lost: 0, errors: [] });
    expect(changes).toEqual([]);
    const after = await Promise.all(nodes.map(agentOf));
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
  });

  test('pods that are started after it reach all others', async () => {
    const { kubectl } = stage.cluster;
    await kubectl.do('--namespace e2e rollout restart daemonset probe');
    await kubectl.do('--namespace e2e rollout status daemonset probe --timeout 100s');
    stage.probes = await probesTalk(stage.cluster, 3);
  });

  test('one agent at rest is small', async () => {
    const sizes = await Promise.all(
      stage.cluster.nodes.map(async (node) => {
        const status = await node.machine.exec('cat', `/proc/${await agentOf(node)}/status`);
        return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
      }),
    );
    stage.figure('memory of the agents at rest', sizes.map((size) => `${size.toFixed(0)} MB`).join(', '));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(125);
  });
}
