import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { limits } from '../../src/kube/manifests/directory.ts';
import { gryphon } from '../support/command-line.ts';
import { FakeKube, type KubeObject, kubeNode } from '../support/fake-kube.ts';
import { HttpKube, writeKubeconfig } from '../support/http-kube.ts';

let directory: string;
const file = (name: string): string => path.join(directory, name);

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(tmpdir(), 'grytest-import-'));
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const pool = (name: string, apiVersion = 'projectcalico.org/v3'): KubeObject => ({
  apiVersion,
  kind: 'IPPool',
  metadata: { name },
  spec: { cidr: '10.0.0.0/8', blockSize: 26 },
});

const POOL = `# Left out: spec.blockSize (addresses come from the podCIDRs of the Nodes).
apiVersion: gryphon.dev/v1alpha1
kind: IPPool
metadata:
  name: p
spec:
  cidr: 10.0.0.0/8
`;

const namesIn = (yaml: string): unknown[] =>
  parseAllDocuments(yaml).map((document) => document.getIn(['metadata', 'name']));

describe('gryphon import calico', () => {
  it('reads standard input, YAML or JSON', async () => {
    for (const stdin of [
      JSON.stringify(pool('p')),
      'kind: IPPool\napiVersion: projectcalico.org/v3\nmetadata: {name: p}\nspec: {cidr: 10.0.0.0/8, blockSize: 26}\n',
    ])
      expect(await gryphon(['import', 'calico', '-'], { stdin })).toEqual({
        code: 0,
        stdout: POOL,
        stderr: '1 object, 1 remark in the comments\n',
      });
  });

  it('reads several files, with lists in them', async () => {
    fs.writeFileSync(
      file('a.json'),
      JSON.stringify({ kind: 'List', apiVersion: 'v1', items: [pool('a'), pool('b')] }),
    );
    fs.writeFileSync(
      file('b.yaml'),
      `---\n${JSON.stringify(pool('c'))}\n---\n${JSON.stringify(pool('a'))}\n`,
    );
    const { code, stdout, stderr } = await gryphon(['import', 'calico', file('a.json'), file('b.yaml')]);
    expect(namesIn(stdout)).toEqual(['a', 'b', 'c']);
    expect([code, stderr]).toEqual([
      0,
      'left out: IPPool a: an object of this kind and name came before, and is used\n3 objects, 3 remarks in the comments\n',
    ]);
  });

  it('ends with 1 where something is refused, and prints the rest', async () => {
    const wrong = { ...pool('wrong'), spec: { cidr: '10.0.0.1/8' } };
    const stdin = [pool('p'), wrong].map((o) => JSON.stringify(o)).join('\n---\n');
    const { code, stdout, stderr } = await gryphon(['import', 'calico', '-'], { stdin });
    expect([code, stdout]).toEqual([1, POOL]);
    expect(stderr).toContain(
      `refused: Calico's IPPool wrong spec.cidr: "10.0.0.1/8" is not a CIDR without bits set`,
    );
  });

  it('prints nothing where there is nothing', async () => {
    expect(await gryphon(['import', 'calico', '-'], { stdin: '' })).toEqual({
      code: 0,
      stdout: '',
      stderr: '0 objects\n',
    });
    expect(await gryphon(['import', 'calico', '-'])).toMatchObject({ code: 0, stdout: '' });
  });

  test.each<[string, () => Promise<{ code: number; stderr: string }>, number, RegExp]>([
    ['no source', () => gryphon(['import', 'calico']), 2, /nothing to import from\n {2}name files/],
    ['a missing file', () => gryphon(['import', 'calico', file('none')]), 1, /none cannot be read: ENOENT/],
    ['a directory', () => gryphon(['import', 'calico', directory]), 1, /cannot be read: EISDIR/],
    [
      'broken YAML',
      () => gryphon(['import', 'calico', '-'], { stdin: 'a: [\n' }),
      1,
      /error: standard input:2:1: Flow sequence/,
    ],
    [
      'too much',
      () => gryphon(['import', 'calico', '-'], { stdin: ' '.repeat(limits.jsonBytes + 1) }),
      1,
      /standard input has more than \d+ bytes/,
    ],
    ['another network', () => gryphon(['import', 'weave', '-']), 2, /weave/],
  ])('tells of %s', async (_, run, code, message) => {
    const outcome = await run();
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toMatch(message);
  });

  describe('asks the API server', () => {
    const STORED = '/apis/crd.projectcalico.org/v1/ippools';
    const WRITTEN = '/apis/projectcalico.org/v3/ippools';
    let kube: FakeKube;
    let server: HttpKube;
    const ask = () => gryphon(['import', 'calico', '--kubeconfig', file('config')]);

    beforeEach(async () => {
      kube = new FakeKube();
      kube.put('/api/v1/nodes', {
        ...kubeNode('a', [], '192.0.2.1'),
        metadata: { name: 'a', annotations: { 'projectcalico.org/ASNumber': '65001' } },
      });
      for (const kind of ['bgpconfigurations', 'bgppeers', 'bgpfilters'])
        for (const group of ['crd.projectcalico.org/v1', 'projectcalico.org/v3'])
          kube.absent.add(`/apis/${group}/${kind}`);
      server = await HttpKube.listen(kube);
      writeKubeconfig(file('config'), server.url);
    });
    afterEach(async () => server[Symbol.asyncDispose]());

    it('for what Calico has stored, in pages', async () => {
      kube.pageLimit = 2;
      for (const name of ['a', 'b', 'c', 'd', 'e']) kube.put(STORED, pool(name, 'crd.projectcalico.org/v1'));
      kube.put(WRITTEN, pool('written'));
      const { code, stdout, stderr } = await ask();
      expect([code, stderr]).toEqual([0, '5 objects, 1 node to annotate, 5 remarks in the comments\n']);
      expect(namesIn(stdout)).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(stdout).toContain('# kubectl annotate node a gryphon.dev/as-number=65001\n');
      expect(kube.requests.every((request) => request.startsWith('GET '))).toBe(true);
    });

    it('for the other form where it has none', async () => {
      kube.absent.add(STORED);
      // Of which the items do not say what they are, as those of every API that is no custom resource.
      const { apiVersion: _, kind: __, ...item } = pool('written');
      kube.put(WRITTEN, item);
      expect(namesIn((await ask()).stdout)).toEqual(['written']);
    });

    it('and tells what it may not', async () => {
      kube.forbidden.add(STORED);
      expect(await ask()).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('403') });
    });
  });
});
