import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { V1ClusterRole, V1ConfigMap } from '@kubernetes/client-node';
import { expect, it, test } from 'vitest';
import { loadKustomization } from '../../hack/manifests/kustomization.ts';
import { renderInstall } from '../../hack/render-manifests.ts';
import { resolveSettings } from '../../src/agent/settings.ts';
import { calicoPairs } from '../../src/kube/cluster/calico-resources.ts';

const manifests = join(import.meta.dirname, '../../manifests');
const overlay = loadKustomization(join(manifests, 'overlays/calico-kinds'));
const base = loadKustomization(join(manifests, 'base'));

const find = (among: typeof overlay, kind: string, name: string): unknown =>
  among.find(({ object }) => object.kind === kind && object.metadata.name === name)?.object;

const settingsOf = (among: typeof overlay) => {
  const map = find(among, 'ConfigMap', 'gryphon') as V1ConfigMap;
  return resolveSettings({ file: { name: 'config.yaml', text: map.data!['config.yaml']! } });
};

test('the overlay turns the setting on and changes no other', () => {
  const { settings, problems } = settingsOf(overlay);
  expect(problems).toEqual([]);
  expect(settings).toEqual({ ...settingsOf(base).settings, calicoKinds: true });
});

test("the token may list and watch what the agent follows of Calico's, and write nothing", () => {
  const { rules = [] } = find(overlay, 'ClusterRole', 'gryphon-calico-kinds') as V1ClusterRole;
  const paths = rules.flatMap(({ apiGroups = [], resources = [] }) =>
    apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource}`)),
  );
  const followed = calicoPairs
    .flatMap(({ stored, written }) => [stored, written])
    .map(({ path }) => {
      const [, , group, , resource] = path.split('/');
      return `${group}/${resource}`;
    });
  expect(paths.sort()).toEqual(followed.sort());
  for (const { verbs } of rules) expect(verbs).toEqual(['list', 'watch']);
});

it('needs a reason above every rule', () => {
  const lines = readFileSync(join(manifests, 'overlays/calico-kinds/rbac.yaml'), 'utf8').split('\n');
  const above = lines.flatMap((line, i) => (line.includes('- apiGroups:') ? [lines[i - 1]] : []));
  expect(above).toHaveLength(2);
  for (const line of above) expect(line).toMatch(/^ {2}# \S.*\.$/);
});

test('nobody else has rights to what is Calico’s', () => {
  expect(renderInstall()).not.toContain('projectcalico.org');
});
