import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { until } from '../cluster/until.ts';
import { ask, probesTalk, serviceAddresses, servicePorts } from '../probe/probes.ts';
import { duringStreams } from '../probe/stream.ts';
import { type Stage, seconds } from '../stage.ts';
import { agentOf, isReady, statusOf, told } from './agents.ts';

/** Milliseconds for which the API server is away. */
const OUTAGE = 60_000;

export function apiServerAway(stage: Stage): void {
  const statuses = () => Promise.all(stage.cluster.nodes.map(statusOf));

  test('60 seconds without it are not missed by any packet, nor by an agent that is killed meanwhile', async () => {
    const { api, nodes } = stage.cluster;
    const virtual = await serviceAddresses(stage.cluster);
    const result = await duringStreams(stage.probes, async () => {
      const end = Date.now() + OUTAGE;
      await api.apiServer.kill('SIGKILL');
      const victim = stage.cluster.node(1);
      const before = await agentOf(victim);
      await victim.machine.exec('kill', '-9', before);
      await until(
        'its kubelet has started another agent',
        40,
        async () => (await agentOf(victim)) !== before,
      );
      while (Date.now() < end) {
        // New connections too, by way of kube-proxy.
        const targets = virtual.map((address) => ({
          protocol: 'tcp' as const,
          address,
          port: servicePorts.tcp,
        }));
        for (const { node, entrance } of stage.probes)
          expect(
            (await ask(node.machine, targets, entrance)).filter(({ error }) => error !== undefined),
          ).toEqual([]);
        await sleep(2_000);
      }
      // The one that has started meanwhile waits for what it has never read, and says the same.
      for (const { problems } of await statuses())
        expect(problems).toContainEqual(
          expect.objectContaining({ code: 'GRY_KUBE_STALE', message: expect.stringMatching(/since \d{4}-/) }),
        );
      const start = Date.now();
      api.apiServer.start();
      await stage.cluster.answers();
      await until('all agents are ready and follow it', 60, async () =>
        (await statuses()).every(({ ready, problems }) => ready && problems.length === 0),
      );
      stage.figure("from the API server's return to agents that follow it", seconds(Date.now() - start));
    });
    stage.figure('ping every 5 ms through 60 s without API server', told(result));
    expect(result).toMatchObject({ lost: 0, errors: [] });
    for (const node of nodes) expect(await isReady(node)).toBe(true);
  });

  test('pods that are started after it reach all others', async () => {
    const { kubectl } = stage.cluster;
    await kubectl.do('wait --for=condition=Ready nodes --all --timeout 60s');
    await kubectl.do('--namespace e2e delete pods --all --wait=true');
    await kubectl.do('--namespace e2e rollout status daemonset probe --timeout 60s');
    stage.probes = await probesTalk(stage.cluster, 3);
  });
}
