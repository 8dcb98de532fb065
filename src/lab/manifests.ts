import { stringify } from 'yaml';
import { address, familyOf } from '../net/address.ts';
import { addressOf, type LabNode, type Topology } from './topology.ts';

const API_VERSION = 'gryphon.dev/v1alpha1';

/** The files of the directory that all agents read, by name. PURE. */
export function labManifests(topology: Topology): ReadonlyMap<string, string> {
  return new Map([
    ['nodes.yaml', kubectlList(topology.nodes.map(nodeObject))],
    ['bgp.yaml', documents([bgpConfiguration(topology), ...bgpPeers(topology)])],
    ['pools.yaml', documents(topology.pools.map(poolObject))],
  ]);
}

type Json = { readonly [key: string]: unknown };

/** As kubectl prints: keys sorted, sequences not indented, the whole wrapped into a List. */
const yaml = (value: Json): string =>
  stringify(value, { sortMapEntries: true, indentSeq: false, lineWidth: 0, compat: 'yaml-1.1' });

const kubectlList = (items: readonly Json[]): string =>
  yaml({ apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } });

const documents = (objects: readonly Json[]): string => objects.map(yaml).join('---\n');

/** A Node with the many fields that a real one has and that the agent must pass over. */
function nodeObject(node: LabNode): Json {
  const seen = '2026-11-22T22:01:37Z';
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      annotations: {
        'node.alpha.kubernetes.io/ttl': '0',
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      },
      creationTimestamp: seen,
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': node.name,
        'kubernetes.io/os': 'linux',
        'topology.kubernetes.io/zone': node.rack,
      },
      name: node.name,
      resourceVersion: '525',
      uid: `31eecac8-2a37-4f2e-a565-${Buffer.from(node.name).toString('hex').padStart(12, '0').slice(-12)}`,
    },
    spec: { podCIDR: node.podCIDRs[0], podCIDRs: node.podCIDRs },
    status: {
      addresses: [
        { address: addressOf(node, 4), type: 'InternalIP' },
        { address: addressOf(node, 6), type: 'InternalIP' },
        { address: node.name, type: 'Hostname' },
      ],
      allocatable: { cpu: '2', 'hugepages-2Mi': '0', memory: '3924632Ki', pods: '110' },
      capacity: { cpu: '2', 'hugepages-2Mi': '0', memory: '4027032Ki', pods: '110' },
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', seen),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', seen),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID', seen),
        condition('Ready', 'True', 'KubeletReady', seen),
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      images: [{ names: ['localhost/pause:3.10'], sizeBytes: 320448 }],
      nodeInfo: {
        architecture: 'amd64',
        bootID: '77ebdd4c-b436-43b2-89db-c7856cb5861f',
        containerRuntimeVersion: 'containerd://2.1.0',
        kernelVersion: '6.1.0-18-amd64',
        kubeProxyVersion: 'v1.32.13',
        kubeletVersion: 'v1.32.13',
        machineID: '3d1219c7c4c5404aaa1f6d2a48adfda4',
        operatingSystem: 'linux',
        osImage: 'Debian GNU/Linux 12 (bookworm)',
        systemUUID: '3d1219c7c4c5404aaa1f6d2a48adfda4',
      },
    },
  };
}

const condition = (type: string, status: 'True' | 'False', reason: string, seen: string): Json => ({
  lastHeartbeatTime: seen,
  lastTransitionTime: seen,
  message: `kubelet reports ${reason}`,
  reason,
  status,
  type,
});

const bgpConfiguration = (topology: Topology): Json => ({
  apiVersion: API_VERSION,
  kind: 'BGPConfiguration',
  metadata: { name: 'default' },
  spec: {
    asNumber: topology.asNumbers.nodes,
    nodeToNodeMeshEnabled: true,
    holdTime: topology.bgpTimers.hold,
    keepaliveTime: topology.bgpTimers.keepalive,
  },
});

/** Each rack's nodes peer with the router's address on their own subnet, one session per family. */
function bgpPeers(topology: Topology): readonly Json[] {
  const gateways = new Map(topology.nodes.map((node) => [node.rack, node.gateways]));
  return [...gateways].flatMap(([rack, addresses]) =>
    addresses.map((gateway) => ({
      apiVersion: API_VERSION,
      kind: 'BGPPeer',
      metadata: { name: `tor-${rack}-ipv${familyOf(address(gateway))}` },
      spec: {
        nodeSelector: `topology.kubernetes.io/zone == '${rack}'`,
        peerIP: gateway,
        asNumber: topology.asNumbers.router,
      },
    })),
  );
}

const poolObject = ({ name, cidr }: Topology['pools'][number]): Json => ({
  apiVersion: API_VERSION,
  kind: 'IPPool',
  metadata: { name },
  spec: { cidr, natOutgoing: true },
});
