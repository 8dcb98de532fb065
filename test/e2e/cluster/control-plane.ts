import { binary } from './binaries.ts';
import { layout } from './layout.ts';
import type { Machine, Service } from './machine.ts';
import type { Pki } from './pki.ts';

/** What the API is made of. */
export interface ApiServer {
  readonly etcd: Service;
  readonly apiServer: Service;
}

/** What acts on the objects in it. */
export interface Controllers {
  readonly controllerManager: Service;
  readonly scheduler: Service;
}

/** Certificates first: `certifyControlPlane`. Returns as soon as both are started. */
export const startApiServer = (machine: Machine, pki: Pki): ApiServer => ({
  etcd: machine.start('etcd', [binary('etcd'), ...flags(etcdFlags)]),
  apiServer: machine.start('kube-apiserver', [binary('kube-apiserver'), ...flags(apiServerFlags(pki))]),
});

/** Once the API server is ready: before, they are refused and give up. */
export const startControllers = (machine: Machine, pki: Pki): Controllers => ({
  controllerManager: machine.start('kube-controller-manager', [
    binary('kube-controller-manager'),
    ...flags(controllerManagerFlags(pki)),
  ]),
  scheduler: machine.start('kube-scheduler', [binary('kube-scheduler'), ...flags(schedulerFlags(pki))]),
});

export async function certifyControlPlane(pki: Pki): Promise<void> {
  const { ipv4, ipv6 } = layout.controlPlane;
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'localhost'];
  await Promise.all([
    pki.certify('apiserver', {
      user: 'kube-apiserver',
      names: [...names, '127.0.0.1', ipv4, ipv6, '10.96.0.1', 'fd00:10:96::1'],
    }),
    pki.certify('apiserver-client', { user: 'kube-apiserver-kubelet-client', group: 'system:masters' }),
    pki.kubeconfig('admin', { user: 'admin', group: 'system:masters' }),
    pki.kubeconfig('controller-manager', { user: 'system:kube-controller-manager' }),
    pki.kubeconfig('scheduler', { user: 'system:kube-scheduler' }),
    pki.kubeconfig('kube-proxy', { user: 'system:kube-proxy' }),
  ]);
}

const flags = (values: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`);

const etcdFlags = {
  'data-dir': '/var/lib/etcd',
  'listen-client-urls': 'http://127.0.0.1:2379',
  'advertise-client-urls': 'http://127.0.0.1:2379',
  'listen-peer-urls': 'http://127.0.0.1:2380',
  'initial-advertise-peer-urls': 'http://127.0.0.1:2380',
  'initial-cluster': 'default=http://127.0.0.1:2380',
  // It lives in memory and for some minutes.
  'unsafe-no-fsync': 'true',
};

const apiServerFlags = (pki: Pki): Readonly<Record<string, string>> => ({
  'etcd-servers': 'http://127.0.0.1:2379',
  'advertise-address': layout.controlPlane.ipv4,
  'secure-port': '6443',
  'tls-cert-file': pki.file('apiserver.crt'),
  'tls-private-key-file': pki.file('apiserver.key'),
  'client-ca-file': pki.file('ca.crt'),
  'kubelet-client-certificate': pki.file('apiserver-client.crt'),
  'kubelet-client-key': pki.file('apiserver-client.key'),
  'kubelet-preferred-address-types': 'InternalIP',
  'service-cluster-ip-range': layout.serviceCIDR,
  'service-account-issuer': 'https://kubernetes.default.svc',
  'service-account-key-file': pki.file('sa.pub'),
  'service-account-signing-key-file': pki.file('sa.key'),
  'authorization-mode': 'Node,RBAC',
  'enable-admission-plugins': 'NodeRestriction',
  'allow-privileged': 'true',
});

const identity = (pki: Pki, name: string): Readonly<Record<string, string>> => ({
  kubeconfig: pki.file(`${name}.kubeconfig`),
  'authentication-kubeconfig': pki.file(`${name}.kubeconfig`),
  'authorization-kubeconfig': pki.file(`${name}.kubeconfig`),
  'bind-address': '127.0.0.1',
  'leader-elect': 'false',
});

const controllerManagerFlags = (pki: Pki): Readonly<Record<string, string>> => ({
  ...identity(pki, 'controller-manager'),
  'allocate-node-cidrs': 'true',
  'cluster-cidr': layout.clusterCIDR,
  'service-cluster-ip-range': layout.serviceCIDR,
  'root-ca-file': pki.file('ca.crt'),
  'service-account-private-key-file': pki.file('sa.key'),
  'use-service-account-credentials': 'true',
  // A node that is gone is noticed within the time of a test.
  'node-monitor-period': '2s',
  'node-monitor-grace-period': '20s',
});

const schedulerFlags = (pki: Pki): Readonly<Record<string, string>> => identity(pki, 'scheduler');
