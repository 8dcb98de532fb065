import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { loadFile, loadKustomization, renderManifests } from '../../hack/manifests/kustomization.ts';
import { installFile, renderInstall } from '../../hack/render-manifests.ts';
import { apiVersion } from '../../src/kube/kinds/kind.ts';
import { parseManifest } from '../../src/kube/manifests/manifest.ts';
import { ManifestStore } from '../../src/kube/manifests/store.ts';
import { misfits } from './fields.ts';

const directory = join(import.meta.dirname, '../../manifests');
const overlays = readdirSync(join(directory, 'overlays'));
const load = (overlay: string) => loadKustomization(join(directory, 'overlays', overlay));

test('install.yaml is what the default overlay says ("make manifests" writes it anew)', () => {
  expect(readFileSync(installFile, 'utf8')).toBe(renderInstall());
});

test('install.yaml has every object once', () => {
  const ids = loadFile(installFile).map(({ object }) => `${object.kind} ${object.metadata.name}`);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(load('default').map(({ object }) => `${object.kind} ${object.metadata.name}`));
});

describe('every field is one of the API', () => {
  const objects = [
    ...overlays.flatMap((overlay) => load(overlay).map(({ object }) => ({ where: overlay, object }))),
    ...loadFile(join(directory, 'cleanup/job.yaml')).map(({ object }) => ({ where: 'cleanup', object })),
  ];

  it.each(objects.map((o) => [`${o.where}: ${o.object.kind} ${o.object.metadata.name}`, o.object] as const))(
    '%s',
    (_, object) => {
      const found = misfits(object);
      // Whatever is neither of Kubernetes nor ours is named here, because nothing checks it.
      if (found === undefined) expect([apiVersion, 'monitoring.coreos.com/v1']).toContain(object.apiVersion);
      else expect(found).toEqual([]);
    },
  );

  it('would find a misspelt field, one in the wrong place and a wrong type', () => {
    const spec = { replica: 1, template: { spec: { containers: { name: 'a' }, hostNetwork: 'true' } } };
    const object = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'a' }, spec };
    expect(misfits(object)).toEqual([
      'DaemonSet.spec has no field replica',
      'DaemonSet.spec.template.spec.containers is no list',
      'DaemonSet.spec.template.spec.hostNetwork is no boolean',
    ]);
  });
});

it.each(overlays)('the agent has nothing to complain of in the objects of %s', (overlay) => {
  const ours = load(overlay).filter(({ object }) => object.apiVersion === apiVersion);
  const store = new ManifestStore();
  store.accept('overlay.yaml', parseManifest('overlay.yaml', ours.map(({ text }) => text).join('---\n')));
  expect(store.snapshot(true, []).problems).toEqual([]);
});

describe('kustomizations', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'gryphon-kustomization-'));
  afterAll(() => rmSync(scratch, { recursive: true }));
  const head = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n';
  const configMap = (data: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n${data}`;

  function render(name: string, files: Readonly<Record<string, string>>): string {
    mkdirSync(join(scratch, name));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(scratch, name, file), text);
    return renderManifests(loadKustomization(join(scratch, name)));
  }

  it('keep comments where nothing is patched, and their order', () => {
    const files = {
      'kustomization.yaml': `${head}resources: [b.yaml, a.yaml]\n`,
      'a.yaml': `# why\n${configMap('')}`,
      'b.yaml': configMap('data:\n  b: c # why\n').replace('name: a', 'name: b'),
    };
    expect(render('order', files)).toBe(`${files['b.yaml']}---\n${files['a.yaml']}`);
  });

  it('merge patches as the API says', () => {
    const object = {
      containers: [{ name: 'a', args: ['x'] }, { name: 'b' }],
      tolerations: [1],
      keep: 1,
      drop: 1,
    };
    const patch = { containers: [{ name: 'a', args: ['y'] }, { name: 'c' }], tolerations: [2], drop: null };
    const files = {
      'kustomization.yaml': `${head}resources: [a.yaml]\npatches: [{path: p.yaml}]\n`,
      'a.yaml': configMap(`spec: ${JSON.stringify(object)}\n`),
      'p.yaml': configMap(`spec: ${JSON.stringify(patch)}\n`),
    };
    render('patch', files);
    expect(loadKustomization(join(scratch, 'patch'))[0]?.object).toMatchObject({
      spec: {
        containers: [{ name: 'a', args: ['y'] }, { name: 'b' }, { name: 'c' }],
        tolerations: [2],
        keep: 1,
      },
    });
    expect(loadKustomization(join(scratch, 'patch'))[0]?.object).not.toHaveProperty('spec.drop');
  });

  it.each([
    [
      'another field',
      { 'kustomization.yaml': `${head}resources: []\nnamePrefix: x\n` },
      /namePrefix is not known/,
    ],
    ['another kind', { 'kustomization.yaml': 'kind: Component\nresources: []\n' }, /no Kustomization/],
    [
      'an inline patch',
      { 'kustomization.yaml': `${head}resources: []\npatches: [{patch: x}]\n` },
      /a path and nothing else/,
    ],
    [
      'a patch of nothing',
      { 'kustomization.yaml': `${head}resources: []\npatches: [{path: p.yaml}]\n`, 'p.yaml': configMap('') },
      /v1\/ConfigMap\/a, which is not there/,
    ],
    [
      'a directive',
      {
        'kustomization.yaml': `${head}resources: [a.yaml]\npatches: [{path: p.yaml}]\n`,
        'a.yaml': configMap('data: {}\n'),
        'p.yaml': configMap('data:\n  $patch: delete\n'),
      },
      /\$patch is not known/,
    ],
    ['broken YAML', { 'kustomization.yaml': `${head}resources: [a.yaml]\n`, 'a.yaml': 'a: [\n' }, /a\.yaml/],
  ])('refuse %s', (name, files, message) => {
    expect(() => render(name, files)).toThrow(message);
  });
});
