import { expect, test } from 'vitest';
import { STARTUP_TAINT } from '../../../src/kube/records/node.ts';
import type { KubeObject } from '../cluster/kubectl.ts';
import { inCheckout } from '../cluster/layout.ts';
import { until } from '../cluster/until.ts';
import { deployProbes, probesTalk } from '../probe/probes.ts';
import { type Stage, seconds } from '../stage.ts';
import { statusOf } from './agents.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export const condition = (object: KubeObject, type: string): Condition | undefined =>
  ((object.status['conditions'] ?? []) as readonly Condition[]).find((candidate) => candidate.type === type);

export function install(stage: Stage): void {
  test('nodes wait for a network', async () => {
    for (const node of await stage.cluster.kubectl.list('nodes')) {
      expect(condition(node, 'Ready')).toMatchObject({ status: 'False', reason: 'KubeletNotReady' });
      expect(node.spec['taints']).toContainEqual({ key: STARTUP_TAINT, effect: 'NoSchedule' });
    }
  });

  test('kubectl apply makes all nodes Ready', async () => {
    const { kubectl } = stage.cluster;
    const start = Date.now();
    await kubectl.run(['apply', '--filename', inCheckout('manifests/install.yaml')]);
    await kubectl.do('wait --for=condition=Ready nodes --all --timeout 120s');
    stage.figure('from kubectl apply to all nodes Ready', seconds(Date.now() - start));
    await kubectl.do('--namespace gryphon-system rollout status daemonset gryphon --timeout 60s');
    stage.figure('from kubectl apply to all agents ready', seconds(Date.now() - start));
  });

  test('each agent has said so on its Node, and taken the startup taint off', async () => {
    for (const node of await stage.cluster.kubectl.list('nodes')) {
      expect(condition(node, 'NetworkUnavailable')).toMatchObject({
        status: 'False',
        reason: 'GryphonReady',
      });
      expect(JSON.stringify(node.spec['taints'] ?? [])).not.toContain(STARTUP_TAINT);
    }
  });

  test('no agent reports a problem', async () => {
    await until('all agents are ready and content', 30, async () => {
      for (const node of stage.cluster.nodes)
        expect(await statusOf(node)).toMatchObject({ ready: true, problems: [] });
      return true;
    });
  });

  test('pods come up and reach each other', async () => {
    const start = Date.now();
    await deployProbes(stage.cluster);
    stage.figure('from a DaemonSet to three pods Ready', seconds(Date.now() - start));
    stage.probes = await probesTalk(stage.cluster, 3);
  });

  test('kubectl exec and logs work', async () => {
    const { kubectl } = stage.cluster;
    expect(await kubectl.do('--namespace e2e exec daemonset/probe -- node --print 6*7')).toBe('42');
    expect(await kubectl.do('--namespace gryphon-system logs daemonset/gryphon --container agent')).toContain(
      '"msg":"conflist written"',
    );
  });

  test('the table of an agent names every route', async () => {
    const { kubectl } = stage.cluster;
    const destinations = (await kubectl.list('nodes')).flatMap(
      ({ spec }) => spec['podCIDRs'] as readonly string[],
    );
    await until('every route is installed', 30, async () => {
      const table = await kubectl.do(
        '--namespace gryphon-system exec daemonset/gryphon --container agent -- gryphon routes',
      );
      for (const cidr of destinations) expect(table).toContain(cidr);
      expect(table).not.toMatch(/failed|unresolved/);
      return true;
    });
  });
}
