import { readFileSync } from 'node:fs';
import path from 'node:path';
import packageFile from '../../../package.json' with { type: 'json' };
import type { Cluster } from '../cluster/cluster.ts';
import type { KubeObject } from '../cluster/kubectl.ts';
import type { Machine } from '../cluster/machine.ts';
import type { WorkerNode } from '../cluster/node.ts';
import { until } from '../cluster/until.ts';
import type { Answer, Target } from './ask.ts';

/** The port at which a probe answers on the address of its node. */
export const HOST_PORT = 18080;
/** Port of the service `probe` on every node, over TCP. */
export const NODE_PORT = 30080;
export const probePorts = { tcp: 8080, udp: 5353 } as const;
/** Ports of the service `probe`. */
export const servicePorts = { tcp: 80, udp: 53 } as const;

export const serverFile = path.join(import.meta.dirname, 'server.mjs');

const container = {
  name: 'probe',
  image: `localhost/gryphon:${packageFile.version}`,
  imagePullPolicy: 'Never',
  command: ['node', '--input-type=module', '--eval', readFileSync(serverFile, 'utf8')],
  env: [{ name: 'PROBE_HOST', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
  ports: [{ containerPort: probePorts.tcp, hostPort: HOST_PORT }],
  readinessProbe: { httpGet: { path: '/', port: probePorts.tcp }, periodSeconds: 1 },
};

/** One probe per node, and a service before them all, in both families. */
const objects = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'e2e' } },
  {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'probe', namespace: 'e2e' },
    spec: {
      selector: { matchLabels: { app: 'probe' } },
      template: {
        metadata: { labels: { app: 'probe' } },
        spec: { terminationGracePeriodSeconds: 1, containers: [container] },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'probe', namespace: 'e2e' },
    spec: {
      type: 'NodePort',
      ipFamilyPolicy: 'RequireDualStack',
      selector: { app: 'probe' },
      ports: [
        { name: 'http', port: servicePorts.tcp, targetPort: probePorts.tcp, nodePort: NODE_PORT },
        { name: 'dns-like', protocol: 'UDP', port: servicePorts.udp, targetPort: probePorts.udp },
      ],
    },
  },
];

/** A pod that answers, and from which one can ask. */
export interface Probe {
  readonly name: string;
  readonly node: WorkerNode;
  readonly ipv4: string;
  readonly ipv6: string;
  /** What leads a program of the node into the pod's network. */
  readonly entrance: readonly string[];
}

export async function deployProbes({ kubectl }: Cluster): Promise<void> {
  await kubectl.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  await kubectl.do('--namespace e2e rollout status daemonset probe --timeout 60s');
}

/** The probe of every node that runs one, sorted by node. */
export async function findProbes(cluster: Cluster): Promise<readonly Probe[]> {
  const pods = await cluster.kubectl.list('--namespace e2e pods --selector app=probe');
  const running = pods.filter((pod) => pod.status['phase'] === 'Running');
  const probes = await Promise.all(running.map((pod) => probeOf(cluster, pod)));
  return probes.toSorted((a, b) => (a.node.name < b.node.name ? -1 : 1));
}

async function probeOf(cluster: Cluster, pod: KubeObject): Promise<Probe> {
  const node = cluster.nodes.find(({ name }) => name === pod.spec['nodeName']);
  if (node === undefined) throw new Error(`pod ${pod.metadata.name} runs on no node of ours`);
  const [ipv4 = '', ipv6 = ''] = (pod.status['podIPs'] as { ip: string }[]).map(({ ip }) => ip);
  const netns = await netnsOf(node.machine, ipv4);
  return { name: pod.metadata.name, node, ipv4, ipv6, entrance: ['nsenter', `--net=/run/netns/${netns}`] };
}

/** The name of the pod's network namespace, which the link to it bears. */
async function netnsOf(machine: Machine, ipv4: string): Promise<string> {
  const [route] = JSON.parse(await machine.ip(`-json route show ${ipv4}/32`)) as { dev: string }[];
  const [, netns] = / link-netns (\S+)/.exec(await machine.ip(`link show ${route?.dev}`)) ?? [];
  if (netns === undefined) throw new Error(`${machine.name} has no link for ${ipv4}`);
  return netns;
}

/** Asks these servers from somewhere on a machine: from a probe's network with its `entrance`, else from the machine's own. */
export async function ask(
  machine: Machine,
  targets: readonly Target[],
  entrance: readonly string[] = [],
): Promise<readonly Answer[]> {
  const program = path.join(import.meta.dirname, 'ask.ts');
  const command = [...entrance, process.execPath, program, JSON.stringify(targets)];
  return JSON.parse(await machine.exec('env', ...command)) as readonly Answer[];
}

/** The service `probe`: its addresses, IPv4 first. */
export async function serviceAddresses({ kubectl }: Cluster): Promise<readonly string[]> {
  const service = await kubectl.get('--namespace e2e service probe');
  return service.spec['clusterIPs'] as readonly string[];
}

/** Until every node has a probe that answers each other one. */
export async function probesTalk(cluster: Cluster, count: number): Promise<readonly Probe[]> {
  let probes: readonly Probe[] = [];
  await until(`${count} probes reach each other`, 60, async () => {
    probes = await findProbes(cluster);
    if (probes.length !== count) return false;
    const targets = probes.flatMap(({ ipv4, ipv6 }) =>
      [ipv4, ipv6].map((address) => ({ protocol: 'tcp' as const, address, port: probePorts.tcp })),
    );
    const answers = await Promise.all(
      probes.map((probe) => ask(probe.node.machine, targets, probe.entrance)),
    );
    return answers.flat().every(({ error }) => error === undefined);
  });
  return probes;
}
