import fs from 'node:fs';
import path from 'node:path';
import { STARTUP_TAINT } from '../../../src/kube/records/node.ts';
import { makeCgroup, removeCgroup } from '../../support/cgroup.ts';
import { binary } from './binaries.ts';
import { type Images, pauseImage } from './images.ts';
import { layout, type NodeLayout } from './layout.ts';
import { Machine, type Service } from './machine.ts';
import type { Pki } from './pki.ts';

export type ProxyMode = 'iptables' | 'nftables';

export interface NodeOptions {
  readonly place: NodeLayout;
  /** Of the test: logs, and a name that is nobody else's. */
  readonly directory: string;
  readonly pki: Pki;
  readonly images: Images;
  readonly proxyMode: ProxyMode;
}

/** Parameters that a kubelet wants and that the machine has only once; it finds them set, and changes a file of its own at most. */
const kernelFiles = {
  '/proc/sys/vm/overcommit_memory': '1\n',
  '/proc/sys/vm/panic_on_oom': '0\n',
  '/proc/sys/kernel/panic': '10\n',
  '/proc/sys/kernel/panic_on_oops': '1\n',
  '/proc/sys/kernel/keys/root_maxkeys': '1000000\n',
  '/proc/sys/kernel/keys/root_maxbytes': '25000000\n',
};

/** A worker node: containerd, kubelet and kube-proxy on a machine. Nothing of it has a network for pods. */
export class WorkerNode {
  readonly name: string;
  readonly place: NodeLayout;
  readonly machine: Machine;
  readonly containerd: Service;
  readonly kubelet: Service;
  readonly proxy: Service;
  readonly #cgroup: string;

  private constructor(options: NodeOptions, machine: Machine, containerd: Service) {
    this.name = options.place.name;
    this.place = options.place;
    this.machine = machine;
    this.#cgroup = cgroupOf(options);
    this.containerd = containerd;
    this.proxy = machine.start('kube-proxy', [
      binary('kube-proxy'),
      `--config=${path.join(options.directory, 'kube-proxy.json')}`,
    ]);
    this.kubelet = machine.start('kubelet', [
      binary('kubelet'),
      `--config=${path.join(options.directory, 'kubelet.json')}`,
      `--kubeconfig=${options.pki.file(`${this.name}.kubeconfig`)}`,
      `--hostname-override=${this.name}`,
      `--node-ip=${options.place.ipv4},${options.place.ipv6}`,
    ]);
  }

  /** Boots the machine with containerd and its images; `plug` gives it its link before anything asks for an address. */
  static async boot(options: NodeOptions, plug: (machine: Machine) => Promise<void>): Promise<WorkerNode> {
    const { directory, place, pki, images } = options;
    const machine = await Machine.boot({
      name: place.name,
      directory,
      fresh: ['/run', '/var/lib', '/var/log/pods', '/var/log/containers', '/etc/cni', '/opt/cni'],
      files: kernelFiles,
    });
    await plug(machine);
    makeCgroup(cgroupOf(options));
    writeConfigurations(options);
    const containerd = machine.start('containerd', [
      'containerd',
      '--config',
      path.join(directory, 'containerd.toml'),
    ]);
    await Promise.all([
      pki.kubeconfig(place.name, {
        user: `system:node:${place.name}`,
        group: 'system:nodes',
        names: [place.ipv4],
      }),
      images.importInto(machine),
    ]);
    return new WorkerNode(options, machine, containerd);
  }

  async halt(): Promise<void> {
    // The switch's end of the cable goes with it at once, and not when the kernel gets to it.
    await this.machine.ip('link delete eth0').catch(() => {});
    await this.machine.halt();
    await removeCgroup(this.#cgroup);
  }
}

const cgroupOf = ({ directory }: NodeOptions): string =>
  `/${path.basename(path.dirname(directory))}-${path.basename(directory)}`;

function writeConfigurations(options: NodeOptions): void {
  const write = (name: string, text: string): void =>
    fs.writeFileSync(path.join(options.directory, name), text);
  write('containerd.toml', containerdConfiguration);
  write('kubelet.json', JSON.stringify(kubeletConfiguration(options)));
  write('kube-proxy.json', JSON.stringify(proxyConfiguration(options)));
  write('resolv.conf', 'nameserver 127.0.0.1\n');
}

const containerdConfiguration = `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[ttrpc]
  address = "/run/containerd/containerd.sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/opt/cni/bin"
  conf_dir = "/etc/cni/net.d"
`;

const kubeletConfiguration = (options: NodeOptions): object => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: '0.0.0.0',
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: options.pki.file('ca.crt') },
  },
  authorization: { mode: 'Webhook' },
  tlsCertFile: options.pki.file(`${options.place.name}.crt`),
  tlsPrivateKeyFile: options.pki.file(`${options.place.name}.key`),
  containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
  cgroupDriver: 'cgroupfs',
  cgroupRoot: cgroupOf(options),
  enforceNodeAllocatable: [],
  failCgroupV1: false,
  failSwapOn: false,
  localStorageCapacityIsolation: false,
  // Raising the priority of a process takes a capability that containers of a test machine may lack.
  oomScoreAdj: 0,
  resolvConf: path.join(options.directory, 'resolv.conf'),
  evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '0%', 'imagefs.available': '0%' },
  imageGCHighThresholdPercent: 100,
  imageGCLowThresholdPercent: 99,
  clusterDomain: 'cluster.local',
  clusterDNS: ['10.96.0.10'],
  // Pods wait for the agent, as docs/install-kubernetes.md has it for those who want that.
  registerWithTaints: [{ key: STARTUP_TAINT, effect: 'NoSchedule' }],
  nodeStatusUpdateFrequency: '4s',
  syncFrequency: '5s',
});

const proxyConfiguration = ({ place, pki, proxyMode }: NodeOptions): object => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: proxyMode,
  hostnameOverride: place.name,
  clusterCIDR: layout.clusterCIDR,
  clientConnection: { kubeconfig: pki.file('kube-proxy.kubeconfig') },
  // The size of the table is one for all network namespaces.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  oomScoreAdj: 0,
});
