import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/kube/manifests/directory.ts';
import { type Manifest, parseManifest } from '../../../src/kube/manifests/manifest.ts';
import { lines, testdata } from '../records/objects.ts';
import { documents, nodeText, peerText } from './texts.ts';

const namesOf = (manifest: Manifest): string[] =>
  manifest.objects.map(({ map, name, record }) => `${map}/${name}${record === undefined ? ' refused' : ''}`);
const problemsOf = (manifest: Manifest): string[] =>
  lines([...manifest.problems, ...manifest.objects.flatMap((object) => object.problems)]);

const bomb = `a: &a [x,x,x,x,x,x,x,x,x]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: [*c,*c,*c,*c,*c,*c,*c,*c,*c]
`;

describe('broken files', () => {
  test.each([
    [
      'a tab',
      'm.yaml',
      'kind: Node\nmetadata:\n\tname: n\n',
      'm.yaml:3:1: Tabs are not allowed as indentation',
    ],
    [
      'a bad second document',
      'm.yaml',
      `${nodeText('n')}---\nkind: [\n`,
      'm.yaml:9:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['a key twice', 'm.yaml', `${nodeText('n')}kind: Node\n`, 'm.yaml:7:1: Map keys must be unique'],
    [
      'an anchor that is missing',
      'm.yaml',
      'kind: *x\n',
      'm.yaml:1:1: Unresolved alias (the anchor must be set before the alias): x',
    ],
    [
      'an alias bomb',
      'm.yaml',
      bomb,
      'm.yaml:1:1: Excessive alias count indicates a resource exhaustion attack',
    ],
    ['too many documents', 'm.yaml', '---\n'.repeat(10_001), 'm.yaml:1:1: more than 10000 documents'],
    ['JSON cut off', 'm.json', '{\n  "kind": "Node"', 'm.json:2:17: Flow map must end with a }'],
    [
      'large JSON cut off',
      'm.json',
      `{"a":"${'x'.repeat(limits.yamlBytes)}`,
      'm.json:1:1: the file is not JSON',
    ],
  ])('%s', (_, file, text, problem) => {
    const manifest = parseManifest(file, text);
    expect(manifest).toMatchObject({ broken: true, objects: [] });
    expect(problemsOf(manifest)).toEqual([`error GRY_MANIFEST_BROKEN ${problem}; correct the file`]);
  });

  test('nesting that exhausts the stack', () => {
    const text = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
    for (const file of ['m.yaml', 'm.json']) {
      const manifest = parseManifest(file, text);
      expect(namesOf(manifest)).toEqual([]);
      expect(problemsOf(manifest)).not.toEqual([]);
    }
  });
});

describe('bad objects are reported where they stand', () => {
  test.each([
    ['a text', 'hello\n', 'error GRY_MANIFEST_NO_OBJECT m.yaml:1:1: this is not'],
    ['a list', '- a\n- b\n', 'error GRY_MANIFEST_NO_OBJECT m.yaml:1:1: this is not'],
    [
      'no kind',
      'metadata:\n  name: n\n',
      'error GRY_FIELD_MISSING m.yaml:1:1 object kind: the field is missing',
    ],
    [
      'a wrong field',
      peerText('a', 'x'),
      'error GRY_FIELD_INVALID m.yaml:6:3 BGPPeer a spec.peerIP: "x" is not',
    ],
    [
      'a missing field: where it should stand',
      peerText('a').replace(/ {2}peerIP.*\n/, ''),
      'error GRY_FIELD_MISSING m.yaml:5:1 BGPPeer a spec.peerIP: the field is missing',
    ],
    [
      'in the second document',
      documents(nodeText('n'), peerText('a', '192.0.2.1', '  filtres: []\n')),
      'warning GRY_UNKNOWN_FIELD m.yaml:15:3 BGPPeer a spec.filtres: there is no such field',
    ],
    [
      'in a list',
      'apiVersion: v1\nkind: List\nitems:\n- 5\n- apiVersion: v1\n  kind: Node\n  metadata:\n    name: N\n',
      'error GRY_FIELD_INVALID m.yaml:8:5 Node metadata.name: "N" is not',
    ],
    [
      'behind an alias',
      'x: &s\n  podCIDR: bad\napiVersion: v1\nkind: Node\nmetadata: {name: n}\nspec: *s\n',
      'error GRY_FIELD_INVALID m.yaml:2:3 Node n spec.podCIDR: "bad" is not',
    ],
    [
      'an entry of a list',
      'apiVersion: v1\nkind: Node\nmetadata: {name: n}\nspec:\n  podCIDRs:\n  - 10.0.0.0/24\n  - 10.0.1.1/24\n',
      'error GRY_FIELD_INVALID m.yaml:7:5 Node n spec.podCIDRs[1]: "10.0.1.1/24" is not',
    ],
  ])('%s', (_, text, problem) => {
    const problems = problemsOf(parseManifest('m.yaml', text));
    expect(problems.at(-1)).toContain(problem);
  });

  test('in JSON too', () => {
    const text = '{\n  "apiVersion": "v1", "kind": "Node",\n  "metadata": {\n    "name": "N" } }\n';
    expect(problemsOf(parseManifest('m.json', text))).toEqual([
      expect.stringContaining('GRY_FIELD_INVALID m.json:4:5 Node metadata.name: "N" is not'),
    ]);
  });

  test('in JSON that is too large to be parsed for a line, the file is told', () => {
    const text = JSON.stringify({
      kind: 'Node',
      apiVersion: 'v1',
      metadata: {},
      x: 'y'.repeat(limits.yamlBytes),
    });
    expect(problemsOf(parseManifest('m.json', text))).toEqual([
      'error GRY_FIELD_MISSING m.json:1:1 Node metadata.name: the field is missing; add it',
    ]);
  });
});

describe('objects in every wrapping', () => {
  const json = (value: unknown): string => JSON.stringify(value, undefined, 2);
  const bare = (name: string): object => ({ metadata: { name }, spec: { podCIDR: '10.0.0.0/24' } });
  const full = (name: string): object => ({ apiVersion: 'v1', kind: 'Node', ...bare(name) });
  test.each([
    ['nothing', 'm.yaml', '', []],
    ['comments', 'm.yaml', '# nothing here\n', []],
    ['empty documents', 'm.yaml', '---\n---\n# x\n---\n', []],
    ['one object', 'm.yaml', nodeText('a'), ['nodes/a']],
    ['several', 'm.yaml', documents('', nodeText('a'), '# x\n', peerText('b')), ['nodes/a', 'bgpPeers/b']],
    ['CRLF and a byte order mark', 'm.yaml', `\uFEFF${nodeText('a').replaceAll('\n', '\r\n')}`, ['nodes/a']],
    ['JSON', 'm.json', json(full('a')), ['nodes/a']],
    ['JSON in a YAML file', 'm.yaml', json(full('a')), ['nodes/a']],
    ['YAML in a JSON file', 'm.json', nodeText('a'), ['nodes/a']],
    [
      'kubectl get -o json',
      'm.json',
      json({ apiVersion: 'v1', kind: 'List', items: [full('a'), full('b')] }),
      ['nodes/a', 'nodes/b'],
    ],
    [
      'the API itself',
      'm.json',
      json({ apiVersion: 'v1', kind: 'NodeList', items: [bare('a'), bare('b')] }),
      ['nodes/a', 'nodes/b'],
    ],
    ['an empty list', 'm.json', json({ apiVersion: 'v1', kind: 'List', items: [] }), []],
    [
      'lists in lists',
      'm.json',
      json({
        apiVersion: 'v1',
        kind: 'List',
        items: [{ apiVersion: 'v1', kind: 'List', items: [full('a')] }],
      }),
      ['nodes/a'],
    ],
    [
      'kinds of others',
      'm.yaml',
      documents('apiVersion: v1\nkind: Pod\n', nodeText('a'), 'apiVersion: apps/v1\nkind: DaemonSet\n'),
      ['nodes/a'],
    ],
  ])('%s', (_, file, text, expected) => {
    const manifest = parseManifest(file, text);
    expect(namesOf(manifest)).toEqual(expected);
    expect(problemsOf(manifest)).toEqual([]);
  });

  test.each(['1.32', '1.36'])('what kubectl prints, Kubernetes %s', (release) => {
    const manifest = parseManifest('nodes.yaml', testdata(`nodes-${release}.yaml`));
    expect(namesOf(manifest).slice(0, 2)).toEqual(['nodes/k8-n1', 'nodes/k8-n2']);
    expect(problemsOf(manifest)).toEqual([]);
    expect(manifest.objects[0]?.place).toBe('nodes.yaml:3:3');
  });
});

test('no text makes the parser throw', () => {
  const whole = documents(nodeText('a'), peerText('b'), testdata('nodes-1.36.yaml').slice(0, 600));
  const mutation = fc.tuple(
    fc.nat(whole.length),
    fc.nat(20),
    fc.oneof(fc.string(), fc.constantFrom('- ', '&a ', '*a', '"', '{', '\n  ', '\t')),
  );
  fc.assert(
    fc.property(
      fc.array(mutation, { maxLength: 5 }),
      fc.constantFrom('m.yaml', 'm.json'),
      (mutations, file) => {
        const text = mutations.reduce(
          (t, [at, cut, insert]) => t.slice(0, at) + insert + t.slice(at + cut),
          whole,
        );
        const manifest = parseManifest(file, text);
        expect(manifest.broken).toBe(manifest.problems.some((p) => p.code === 'GRY_MANIFEST_BROKEN'));
        for (const problem of problemsOf(manifest))
          expect(problem).toMatch(/^(error|warning) GRY_\w+ m\.(yaml|json):\d+:\d+/);
      },
    ),
  );
});
