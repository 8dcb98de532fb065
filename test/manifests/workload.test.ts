import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  V1ClusterRole,
  V1ConfigMap,
  V1Container,
  V1DaemonSet,
  V1Job,
  V1Role,
  V1ServiceAccount,
  V1ValidatingAdmissionPolicy,
} from '@kubernetes/client-node';
import { describe, expect, it, test } from 'vitest';
import { loadFile, loadKustomization, type Manifest } from '../../hack/manifests/kustomization.ts';
import packageFile from '../../package.json' with { type: 'json' };
import { resolveSettings } from '../../src/agent/settings.ts';
import { STATUS_LEASE } from '../../src/kube/cluster/acceptance-duty.ts';
import { resources, secretResource } from '../../src/kube/cluster/resources.ts';

const manifests = join(import.meta.dirname, '../../manifests');
const base = loadKustomization(join(manifests, 'base'));
/** By kind; `misfits` has checked that they are such objects. */
interface Kinds {
  readonly ClusterRole: V1ClusterRole;
  readonly Role: V1Role;
  readonly ConfigMap: V1ConfigMap;
  readonly DaemonSet: V1DaemonSet;
  readonly Job: V1Job;
  readonly ServiceAccount: V1ServiceAccount;
  readonly ValidatingAdmissionPolicy: V1ValidatingAdmissionPolicy;
}

function find<Kind extends keyof Kinds>(kind: Kind, name?: string, among = base): Kinds[Kind] {
  const isIt = ({ object }: Manifest): boolean =>
    object.kind === kind && (name === undefined || object.metadata.name === name);
  const found = among.find(isIt)?.object as unknown;
  if (found === undefined) throw new Error(`no ${kind}`);
  return found as Kinds[Kind];
}

/** `verb group/resource`, with the name in brackets where it is limited to one. */
const grants = ({ rules = [] }: V1Role | V1ClusterRole): readonly string[] =>
  rules.flatMap(({ apiGroups = [], resources: names = [], resourceNames, verbs }) =>
    apiGroups.flatMap((group) =>
      names.flatMap((resource) =>
        verbs.flatMap((verb) =>
          (resourceNames ?? ['']).map(
            (name) => `${verb} ${group}/${resource}${name === '' ? '' : ` (${name})`}`,
          ),
        ),
      ),
    ),
  );

/** The group and the resource of a collection's path. */
function groupResource(path: string): string {
  const match = /^\/(?:api|apis\/([^/]+))\/[^/]+\/(?:namespaces\/[^/]+\/)?([^/]+)$/.exec(path);
  if (match === null) throw new Error(`${path} is no collection`);
  return `${match[1] ?? ''}/${match[2]}`;
}

const follows = (path: string): readonly string[] =>
  ['list', 'watch'].map((verb) => `${verb} ${groupResource(path)}`);

describe('the token of an agent may do what the agent does, and nothing else', () => {
  it('in the cluster', () => {
    const kinds = ['bgpconfigurations', 'bgpfilters', 'bgppeers', 'ippools'];
    const writes = [
      'patch /nodes',
      'patch /nodes/status',
      ...kinds.map((kind) => `patch gryphon.dev/${kind}/status`),
      'create gryphon.dev/gryphonnodes',
      'patch gryphon.dev/gryphonnodes',
      'patch gryphon.dev/gryphonnodes/status',
    ];
    const reads = resources.flatMap(({ path }) => follows(path));
    expect([...grants(find('ClusterRole', 'gryphon'))].sort()).toEqual([...reads, ...writes].sort());
  });

  it('in its namespace', () => {
    const { path } = secretResource('gryphon-system', 'bgp', new Set(['tor']));
    const leases = ['create', 'get', 'patch'].map(
      (verb) => `${verb} coordination.k8s.io/leases${verb === 'create' ? '' : ` (${STATUS_LEASE})`}`,
    );
    expect([...grants(find('Role', 'gryphon'))].sort()).toEqual([...follows(path), ...leases].sort());
  });

  it('with events', () => {
    expect(find('Role', 'gryphon-events').metadata?.namespace).toBe('default');
    expect(grants(find('Role', 'gryphon-events'))).toEqual(['create /events']);
  });

  it('with a reason above every rule', () => {
    const lines = readFileSync(join(manifests, 'base/rbac.yaml'), 'utf8').split('\n');
    const above = lines.flatMap((line, i) => (line.includes('- apiGroups:') ? [lines[i - 1]] : []));
    expect(above).toHaveLength(11);
    for (const line of above) expect(line).toMatch(/^ {2}# \S.*\.$/);
  });
});

const daemonSet = find('DaemonSet').spec!;
const pod = daemonSet.template.spec!;
const agent = pod.containers[0]!;
const installer = pod.initContainers![0]!;
const job = find('Job', undefined, loadFile(join(manifests, 'cleanup/job.yaml'))).spec!.template.spec!;
const cleanup = job.containers[0]!;
const mountsOf = ({ volumeMounts = [] }: V1Container): readonly string[] =>
  volumeMounts.map((mount) => mount.mountPath);

test('images and labels bear the version of the package', () => {
  const image = `localhost/gryphon:${packageFile.version}`;
  expect([agent.image, installer.image, cleanup.image]).toEqual([image, image, image]);
  for (const metadata of [find('DaemonSet').metadata, daemonSet.template.metadata])
    expect(metadata?.labels?.['app.kubernetes.io/version']).toBe(packageFile.version);
});

test('the settings are known, and lead to what is mounted and probed', () => {
  const text = find('ConfigMap').data!['config.yaml']!;
  const environment = Object.fromEntries(agent.env!.map(({ name }) => [name, 'given-at-runtime']));
  const { settings, problems } = resolveSettings({
    flags: {},
    environment,
    file: { name: 'config.yaml', text },
  });
  expect(problems).toEqual([]);
  expect(settings).toMatchObject({ nodeName: 'given-at-runtime', namespace: 'given-at-runtime' });

  const mounts = mountsOf(agent);
  for (const path of [settings.runDir, settings.stateDir, settings.cniBinDir, settings.cniConfDir])
    expect(mounts).toContain(path);
  expect(mounts).toContain(`${settings.sysctlDir}/net`);
  expect(agent.command).toEqual(['gryphon', 'agent', '--config', '/etc/gryphon/config.yaml']);
  expect(installer.volumeMounts).toEqual([{ name: 'cni-bin', mountPath: settings.cniBinDir }]);

  for (const probe of [agent.startupProbe, agent.livenessProbe, agent.readinessProbe]) {
    expect(probe?.httpGet).toMatchObject({
      host: settings.apiAddress.address,
      port: settings.apiAddress.port,
    });
  }
  expect(agent.ports).toEqual([
    {
      name: 'metrics',
      containerPort: settings.metricsAddress?.port,
      hostPort: settings.metricsAddress?.port,
    },
  ]);
});

test('no container is privileged, and none keeps a capability that it was not given', () => {
  const all = [installer, agent, cleanup].map(({ securityContext }) => securityContext!);
  for (const context of all) {
    expect(context).toMatchObject({
      privileged: false,
      readOnlyRootFilesystem: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(context.capabilities?.drop).toEqual(['ALL']);
  }
  expect(all.map(({ capabilities }) => capabilities?.add ?? [])).toEqual([
    [],
    ['NET_ADMIN', 'NET_RAW', 'NET_BIND_SERVICE', 'SYS_ADMIN'],
    ['NET_ADMIN', 'NET_RAW'],
  ]);
});

test('every host path is said why', () => {
  for (const file of ['base/daemon-set.yaml', 'cleanup/job.yaml']) {
    const lines = readFileSync(join(manifests, file), 'utf8').split('\n');
    const above = lines.flatMap((line, i) => (line.trim() === 'hostPath:' ? [lines[i - 2]] : []));
    expect(above.length).toBeGreaterThan(3);
    for (const line of above) expect(line, file).toMatch(/^ {8}# \S.*\.$/);
  }
});

test('the policy is about every object of ours that has the name of a node', () => {
  const policy = find('ValidatingAdmissionPolicy').spec!;
  expect(policy.matchConstraints?.resourceRules?.map((rule) => rule.resources)).toEqual([
    ['nodes', 'nodes/status'],
    ['gryphonnodes', 'gryphonnodes/status'],
  ]);
  const account = find('ServiceAccount').metadata!.name;
  expect(policy.matchConditions?.[0]?.expression).toContain(`:${account}$'`);
});

test('cleanup finds what the agent leaves', () => {
  expect(mountsOf(cleanup)).toEqual(['/run', '/var/lib', '/opt/cni/bin', '/etc/cni/net.d']);
  // It would be mounted below /run, which is the host's.
  expect(job.automountServiceAccountToken).toBe(false);
});
