import type { TSchema } from 'typebox';
import { Check } from 'typebox/value';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { convertCalico } from '../../../src/kube/calico-import/conversion.ts';
import { renderConversion } from '../../../src/kube/calico-import/render.ts';
import { customResourceDefinition } from '../../../src/kube/kinds/crd.ts';
import type { Resource } from '../../../src/kube/kinds/kind.ts';
import { resources } from '../../../src/kube/kinds/resources.ts';
import { parseDocuments } from '../../../src/kube/manifests/document.ts';
import { itemsOf, parseManifest } from '../../../src/kube/manifests/manifest.ts';
import { ManifestStore } from '../../../src/kube/manifests/store.ts';
import { noInterest } from '../../../src/kube/records/secret.ts';
import type { Snapshot } from '../../../src/kube/records/snapshot.ts';
import { node, ours, testdata } from '../records/objects.ts';

/** The objects that stand in a text. */
function objectsOf(text: string): readonly unknown[] {
  const parsed = parseDocuments('input.yaml', text);
  if ('error' in parsed) throw new Error(parsed.error.reason);
  return parsed.documents.flatMap(({ value }) => itemsOf(value, []).map((item) => item.value));
}

function read(text: string, calicoKinds: boolean): Snapshot {
  const store = new ManifestStore();
  store.accept('a.yaml', parseManifest('a.yaml', text, noInterest, calicoKinds));
  return store.snapshot(true, []);
}

const calicos = (kind: string, name: string, spec: unknown, metadata: object = {}): object => ({
  apiVersion: 'crd.projectcalico.org/v1',
  kind,
  metadata: { name, ...metadata },
  spec,
});

const files = ['calico-stored.yaml', 'calico-written.yaml'];

/** The schema of the API server for a kind. */
function crdSchema(kind: unknown): TSchema {
  const resource = resources.find((candidate) => candidate.kind === kind) as Resource;
  const crd = JSON.parse(JSON.stringify(customResourceDefinition(resource)));
  return crd.spec.versions[0].schema.openAPIV3Schema as TSchema;
}

/** The fields of the value that the schema does not have: the API server would drop them. */
function unknownFields(schema: TSchema, value: unknown, path: string): readonly string[] {
  const { properties, items } = schema as {
    readonly properties?: Record<string, TSchema>;
    readonly items?: TSchema;
  };
  if (Array.isArray(value)) return value.flatMap((v, i) => unknownFields(items!, v, `${path}[${i}]`));
  if (typeof value !== 'object' || value === null || properties === undefined) return [];
  return Object.entries(value).flatMap(([key, field]) => {
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (path === 'metadata') return [];
    return known === undefined
      ? [`${path}.${key}`]
      : unknownFields(known, field, key === 'metadata' ? key : `${path}.${key}`);
  });
}

describe.each(files)('%s', (file) => {
  const rendered = renderConversion(convertCalico(objectsOf(testdata(file))));

  it('becomes what stands beside it', async () => {
    await expect(rendered).toMatchFileSnapshot(`../testdata/${file.replace('.yaml', '-imported.yaml')}`);
  });

  it('becomes objects of which the agent has nothing to complain, and that mean what Calico’s do', () => {
    const imported = read(rendered, false);
    expect(imported).toMatchObject({ complete: true, problems: [] });
    const direct = read(testdata(file), true);
    // What is not carried out is told of Calico's objects, and gone from ours; and ours are new ones.
    const told = (map: ReadonlyMap<string, { readonly unsupported: readonly string[] }>): object =>
      Object.fromEntries(
        [...map].map(([name, record]) => [name, { ...record, createdAt: undefined, unsupported: [] }]),
      );
    for (const map of ['pools', 'bgpConfigurations', 'bgpPeers', 'bgpFilters'] as const)
      expect(told(imported[map])).toEqual(told(direct[map]));
  });

  it('becomes objects that the API server takes', () => {
    for (const object of objectsOf(rendered) as readonly { readonly kind: string }[]) {
      const schema = crdSchema(object.kind);
      expect(Check(schema, object), JSON.stringify(object)).toBe(true);
      expect(unknownFields(schema, object, '')).toEqual([]);
    }
  });

  it('becomes itself when it is converted again: nothing of it is Calico’s', () => {
    const { objects, leftOut } = convertCalico(objectsOf(rendered));
    expect(objects).toEqual([]);
    expect(leftOut.every(({ isRefused }) => !isRefused)).toBe(true);
  });
});

test('the check against the schemas finds what is wrong', () => {
  const schema = crdSchema('BGPPeer');
  expect(Check(schema, ours('BGPPeer', 'a', { nextHopMode: 'Elsewhere' }))).toBe(false);
  expect(unknownFields(schema, ours('BGPPeer', 'a', { password: { text: 'x' }, peer: 1 }), '')).toEqual([
    '.spec.password.text',
    '.spec.peer',
  ]);
});

describe('metadata', () => {
  it('keeps what people wrote', () => {
    const kept = JSON.stringify({ labels: { a: '1', b: '2' }, annotations: { note: 'x' }, uid: 'u' });
    const { objects } = convertCalico([
      calicos(
        'BGPFilter',
        'f',
        {},
        {
          labels: { b: '3', wrong: 4 },
          annotations: {
            'projectcalico.org/metadata': kept,
            'kubectl.kubernetes.io/last-applied-configuration': '{}',
            'example.com/why': 'y',
          },
          uid: 'u',
          resourceVersion: '1',
          generation: 2,
          creationTimestamp: '2024-05-14T08:10:00Z',
          managedFields: [{}],
          finalizers: ['x'],
          ownerReferences: [{}],
        },
      ),
    ]);
    expect(objects.map(({ object }) => object.metadata)).toEqual([
      { name: 'f', labels: { a: '1', b: '3' }, annotations: { note: 'x', 'example.com/why': 'y' } },
    ]);
  });

  it.each(['{', '[]', 'null', 5, `"${'x'.repeat(70_000)}"`])(
    'does without what Calico kept in it: %j',
    (kept) => {
      const annotations = { 'projectcalico.org/metadata': kept };
      const { objects } = convertCalico([calicos('BGPFilter', 'f', {}, { annotations })]);
      expect(objects[0]?.object.metadata).toEqual({ name: 'f' });
    },
  );
});

test('what has no effect is not written, and a comment tells why', () => {
  const spec = { listenPort: 1790, nodeToNodeMeshEnabled: false, logSeverityScreen: 'Debug', fullMesh: true };
  const [converted] = convertCalico([calicos('BGPConfiguration', 'node.a', spec)]).objects;
  expect(converted?.object.spec).toEqual({ listenPort: 1790 });
  expect(converted?.comments).toEqual([
    'Left out: spec.logSeverityScreen (use the setting logLevel).',
    'Left out: spec.fullMesh (there is no such field, it has no effect).',
    'Left out: spec.nodeToNodeMeshEnabled (the field has no effect for one node alone).',
  ]);
});

test('what says nothing is not written', () => {
  const spec = {
    peerIP: '',
    nodeSelector: '',
    peerSelector: 'all()',
    password: null,
    filters: null,
    nextHopMode: 'Auto',
  };
  expect(convertCalico([calicos('BGPPeer', 'b', spec)]).objects[0]?.object.spec).toEqual({
    peerSelector: 'all()',
    nextHopMode: 'Auto',
  });
});

describe('what is left out', () => {
  test.each<[string, unknown, string, boolean]>([
    ['a text', 'hello', '1 × value: it is no object with apiVersion and kind', true],
    ['ours', ours('BGPPeer', 'a', {}), "1 × BGPPeer of gryphon.dev/v1alpha1: it is not Calico's", false],
    [
      'a policy',
      calicos('NetworkPolicy', 'n', {}),
      '1 × NetworkPolicy: Gryphon does not carry out policy yet',
      true,
    ],
    [
      'bookkeeping',
      calicos('IPAMBlock', 'n', {}),
      '1 × IPAMBlock: Calico keeps its own state in them',
      false,
    ],
    [
      'settings',
      calicos('FelixConfiguration', 'default', {}),
      "1 × FelixConfiguration: they set up Calico's own programs; the settings of Gryphon are in docs/settings.md",
      false,
    ],
    ['what nobody knows', calicos('Teapot', 't', {}), '1 × Teapot: Gryphon has no such kind', true],
    [
      'a version that nobody knows',
      { ...calicos('BGPPeer', 'b', {}), apiVersion: 'projectcalico.org/v9' },
      '1 × BGPPeer of projectcalico.org/v9: this version is not known',
      true,
    ],
    [
      'a wrong object',
      calicos('BGPPeer', 'b', { peerIP: '192.0.2.1' }),
      "Calico's BGPPeer b spec.asNumber: the field is missing; add it",
      true,
    ],
    [
      'a Node whose annotation is wrong',
      node('n', { metadata: { name: 'n', annotations: { 'projectcalico.org/ASNumber': 'x' } } }),
      'Node n metadata.annotations.projectcalico.org/ASNumber: "x" is not an AS number from 1 to 4294967295 or in asdot notation ("65001.5"); write the AS number that the operator of the network gave out',
      true,
    ],
  ])('%s', (_, value, line, isRefused) => {
    const { objects, nodes, leftOut } = convertCalico([value]);
    expect(leftOut.map((left) => `${left.subject}: ${left.reason}`)).toEqual([line]);
    expect([objects, nodes, leftOut[0]?.isRefused]).toEqual([[], [], isRefused]);
  });

  it('stands on one line of a comment, whatever it is called', () => {
    const odd = calicos('IPPool', 'p', { cidr: '10.0.0.0/8', 'a\nkind: Node\u2028b': 1 });
    expect(renderConversion(convertCalico([odd]))).toBe(
      `# Left out: spec.a kind: Node b (there is no such field, it has no effect).
apiVersion: gryphon.dev/v1alpha1
kind: IPPool
metadata:
  name: p
spec:
  cidr: 10.0.0.0/8
`,
    );
  });

  it('is counted where there is much of it', () => {
    const blocks = Array.from({ length: 300 }, (_, i) => calicos('IPAMBlock', `b-${i}`, {}));
    expect(convertCalico(blocks).leftOut.map(({ subject }) => subject)).toEqual(['300 × IPAMBlock']);
  });

  it('is the second of two with one name', () => {
    const { objects, leftOut } = convertCalico(
      ['10.0.0.0/8', '192.168.0.0/16'].map((cidr) => calicos('IPPool', 'p', { cidr })),
    );
    expect(objects.map(({ object }) => object.spec)).toEqual([{ cidr: '10.0.0.0/8' }]);
    expect(leftOut).toMatchObject([{ subject: 'IPPool p', isRefused: false }]);
  });
});

test('a filter of the name that is made is the one that counts', () => {
  const router = calicos('BGPPeer', 'tor', { peerIP: '192.0.2.1', asNumber: 1 });
  const own = calicos('BGPFilter', 'calico-import', { importV4: [{ action: 'Reject' }] });
  const names = (values: readonly object[]): readonly string[] =>
    convertCalico(values).objects.map(({ object }) => `${object.kind} ${object.metadata.name}`);
  expect(names([router])).toEqual(['BGPFilter calico-import', 'BGPPeer tor']);
  expect(names([router, own])).toEqual(['BGPPeer tor', 'BGPFilter calico-import']);
});

describe('nodes', () => {
  const annotated = (annotations: object, addresses: readonly string[] = []): object =>
    node('n', {
      metadata: { name: 'n', annotations },
      status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
    });
  const calicoNode = (bgp: object, addresses: readonly object[] = []): object => ({
    apiVersion: 'projectcalico.org/v3',
    kind: 'Node',
    metadata: { name: 'n' },
    spec: { addresses, bgp },
  });
  const address = 'projectcalico.org/IPv4Address';

  test.each<[string, readonly object[], string]>([
    ['nothing of Calico', [annotated({ 'example.com/a': 'b' })], ''],
    ['the address that is chosen anyway', [annotated({ [address]: '192.0.2.1/24' }, ['192.0.2.1'])], ''],
    [
      'another address',
      [annotated({ [address]: '192.0.2.2/24' }, ['192.0.2.1', '192.0.2.2'])],
      'gryphon.dev/ipv4-address=192.0.2.2',
    ],
    [
      'what ours says already',
      [annotated({ 'projectcalico.org/ASNumber': '1', 'gryphon.dev/as-number': '2' })],
      '',
    ],
    [
      "Calico's own form",
      [calicoNode({ asNumber: '1.1', ipv6Address: '2001:db8::1/64', routeReflectorClusterID: '244.0.0.1' })],
      'gryphon.dev/ipv6-address=2001:db8::1 gryphon.dev/as-number=65537 gryphon.dev/route-reflector-cluster-id=244.0.0.1',
    ],
    ['an AS that is none', [calicoNode({ asNumber: 0 })], ''],
    [
      'both forms',
      [calicoNode({ asNumber: 3 }), annotated({ 'projectcalico.org/ASNumber': '4', [address]: '192.0.2.2' })],
      'gryphon.dev/ipv4-address=192.0.2.2 gryphon.dev/as-number=3',
    ],
  ])('%s', (_, values, words) => {
    const conversion = convertCalico(values);
    const [, command = ''] = /annotate node n (.*)/.exec(renderConversion(conversion)) ?? [];
    expect(command).toBe(words);
    expect(conversion.leftOut).toEqual([]);
  });

  it('stand in comments, so that the text can be applied', () => {
    const text = renderConversion(convertCalico([calicoNode({ asNumber: 3 })]));
    expect(text).toContain('\n# kubectl annotate node n gryphon.dev/as-number=3\n');
    expect(parse(text)).toBeNull();
  });
});
