import { expect, test } from 'vitest';
import { pauseImage } from '../cluster/images.ts';
import { until } from '../cluster/until.ts';
import { probesTalk } from '../probe/probes.ts';
import { duringStreams } from '../probe/stream.ts';
import { type Stage, seconds } from '../stage.ts';
import { told } from './agents.ts';

/** The last one goes and comes back. */
const VICTIM = 2;

/** Pods that can be moved, on every node at first. */
const guests = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'guest', namespace: 'e2e' },
  spec: {
    replicas: 6,
    selector: { matchLabels: { app: 'guest' } },
    template: {
      metadata: { labels: { app: 'guest' } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'guest', image: pauseImage, imagePullPolicy: 'Never' }],
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'kubernetes.io/hostname',
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: { app: 'guest' } },
          },
        ],
      },
    },
  },
};

export function nodes(stage: Stage): void {
  const name = (): string => stage.cluster.node(VICTIM).name;

  /** Destinations behind other nodes, of the node with this place in the layout. */
  const remoteRoutes = async (index: number): Promise<readonly string[]> => {
    const { machine } = stage.cluster.node(index);
    const texts = await Promise.all(
      ['-4', '-6'].map((family) => machine.ip(`${family} -json route show proto 71`)),
    );
    const routes = texts.flatMap(
      (text) => JSON.parse(text) as { dst: string; gateway?: string; via?: object }[],
    );
    return routes.filter(({ gateway }) => gateway !== undefined).map(({ dst }) => dst);
  };

  /** The nodes on which guests are running. */
  const hosts = async (): Promise<readonly unknown[]> => {
    const guests = await stage.cluster.kubectl.list('--namespace e2e pods --selector app=guest');
    return guests.filter(({ status }) => status['phase'] === 'Running').map(({ spec }) => spec['nodeName']);
  };

  test('a node that is drained loses its guests, keeps its routes and the pods of its DaemonSets', async () => {
    const { kubectl } = stage.cluster;
    await kubectl.apply(JSON.stringify(guests));
    await kubectl.do('--namespace e2e rollout status deployment guest --timeout 60s');
    expect(await hosts()).toContain(name());
    const before = await remoteRoutes(0);
    const result = await duringStreams(stage.probes, async () => {
      await kubectl.do(`drain ${name()} --ignore-daemonsets --timeout 60s`);
      await kubectl.do('--namespace e2e rollout status deployment guest --timeout 60s');
      expect(await hosts()).not.toContain(name());
      expect(await remoteRoutes(0)).toEqual(before);
      await kubectl.do(`uncordon ${name()}`);
    });
    stage.figure('ping every 5 ms through a drain', told(result));
    expect(result).toMatchObject({ lost: 0, errors: [] });
  });

  test('a node that is deleted is forgotten by the others', async () => {
    const { kubectl } = stage.cluster;
    const node = await kubectl.get(`node ${name()}`);
    const cidrs = node.spec['podCIDRs'] as readonly string[];
    expect(await remoteRoutes(0)).toEqual(expect.arrayContaining([...cidrs]));
    await stage.cluster.node(VICTIM).halt();
    const start = Date.now();
    await kubectl.do(`delete node ${name()}`);
    await until('its routes are gone from the others', 30, async () => {
      const left = (await Promise.all([0, 1].map(remoteRoutes))).flat();
      return cidrs.every((cidr) => !left.includes(cidr));
    });
    stage.figure('from kubectl delete node to no routes to it', seconds(Date.now() - start));
  });

  test('a node that is added is reached by all others', async () => {
    const start = Date.now();
    const node = await stage.cluster.addNode(VICTIM);
    const { kubectl } = stage.cluster;
    await until('it is registered', 60, async () =>
      (await kubectl.list('nodes')).some(({ metadata }) => metadata.name === node.name),
    );
    await kubectl.do(`wait --for=condition=Ready node ${node.name} --timeout 60s`);
    stage.figure('from a blank machine to one more Ready node', seconds(Date.now() - start));
    stage.probes = await probesTalk(stage.cluster, 3);
  });
}
