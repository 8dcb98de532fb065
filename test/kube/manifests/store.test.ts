import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brokenManifest, parseManifest } from '../../../src/kube/manifests/manifest.ts';
import { ManifestStore } from '../../../src/kube/manifests/store.ts';
import type { Snapshot } from '../../../src/kube/records/snapshot.ts';
import { documents, nodeText, peerText } from './texts.ts';

/** A store into which texts are put as files are written. */
class Files {
  readonly store = new ManifestStore();
  write(name: string, text: string): Snapshot {
    this.store.accept(name, parseManifest(name, text));
    return this.store.snapshot(true, []);
  }
  remove(name: string): Snapshot {
    this.store.remove(name);
    return this.store.snapshot(true, []);
  }
}

const codes = (snapshot: Snapshot): string[] => snapshot.problems.map((p) => `${p.code} ${p.subject}`);

describe('the last good state', () => {
  test('a broken file keeps its objects, and only its own', () => {
    const files = new Files();
    files.write('a.yaml', documents(nodeText('a'), nodeText('b')));
    const before = files.write('b.yaml', peerText('p'));
    const broken = files.write('a.yaml', 'kind: [\n');
    expect(broken.nodes).toBe(before.nodes);
    expect(broken.problems).toEqual([
      expect.objectContaining({
        code: 'GRY_MANIFEST_BROKEN',
        subject: expect.stringMatching(/^a\.yaml:2:1$/),
        message: expect.stringMatching(/; the 2 objects last read from it stay in force$/),
      }),
    ]);
    expect([...files.write('b.yaml', peerText('q')).bgpPeers.keys()]).toEqual(['q']);
    const mended = files.write('a.yaml', nodeText('b'));
    expect([...mended.nodes.keys()]).toEqual(['b']);
    expect(mended.problems).toEqual([]);
  });

  test('a refused object keeps its last version, the others of the file change', () => {
    const files = new Files();
    const before = files.write('a.yaml', documents(peerText('p', '192.0.2.1'), peerText('q', '192.0.2.2')));
    const after = files.write('a.yaml', documents(peerText('p', 'x'), peerText('q', '192.0.2.3')));
    expect(after.bgpPeers.get('p')).toBe(before.bgpPeers.get('p'));
    expect(after.bgpPeers.get('q')?.peerIP).toBe('192.0.2.3');
    expect(after.problems.map((p) => p.message)).toEqual([
      '"x" is not the unicast address of a peer, with or without port; the last valid version of the object stays in force',
    ]);
    // Still refused after the next edit: still the last valid version.
    expect(files.write('a.yaml', peerText('p', 'y')).bgpPeers.get('p')).toBe(before.bgpPeers.get('p'));
  });

  test('a refused object without a valid version is absent', () => {
    const after = new Files().write('a.yaml', documents(peerText('p', 'x'), peerText('q')));
    expect([...after.bgpPeers.keys()]).toEqual(['q']);
    expect(after.problems[0]?.message).not.toContain('stays in force');
  });

  test('a Node with a wrong value keeps its last valid version, and without one is used in part', () => {
    const files = new Files();
    const partly = files.write('a.yaml', nodeText('a', '10.0.0.1/24'));
    expect(partly.nodes.get('a')?.podCIDRs).toEqual([]);
    expect(partly.problems[0]?.message).not.toContain('stays in force');
    // A version that was wrong itself gives way to the next one.
    expect(files.write('a.yaml', nodeText('b', '10.0.0.1/24')).nodes.has('b')).toBe(true);
    const before = files.write('a.yaml', nodeText('b', '10.0.0.0/24'));
    const after = files.write('a.yaml', nodeText('b', '10.0.0.1/24'));
    expect(after.nodes.get('b')).toBe(before.nodes.get('b'));
    expect(after.problems.map((p) => p.message)).toEqual([
      '"10.0.0.1/24" is not a CIDR without bits set beyond its length; the last valid version of the object stays in force',
    ]);
  });

  test.each([
    ['name', nodeText('b').replace('name: b', 'name: ""')],
    ['kind', nodeText('b').replace('kind: Node\n', '')],
    ['apiVersion', nodeText('b').replace('apiVersion: v1\n', '')],
    ['fields', 'b\n'],
  ])('an object that lost its %s: what the file no longer shows stays in force', (_, text) => {
    const files = new Files();
    const before = files.write('a.yaml', documents(nodeText('a'), nodeText('b'), peerText('p')));
    const after = files.write('a.yaml', documents(nodeText('a', '10.9.0.0/24'), text));
    expect(after.nodes.get('a')?.podCIDRs).toEqual(['10.9.0.0/24']);
    expect(after.nodes.get('b')).toBe(before.nodes.get('b'));
    expect(after.bgpPeers).toBe(before.bgpPeers);
    expect(after.problems.map((p) => p.message)).toEqual([
      expect.stringMatching(/; the 2 objects last read from it stay in force$/),
    ]);
    expect([...files.write('a.yaml', nodeText('a')).nodes.keys()]).toEqual(['a']);
  });

  test('a file that became empty keeps its objects, one with a comment has none', () => {
    const files = new Files();
    files.write('a.yaml', nodeText('a'));
    const blank = files.write('a.yaml', ' \n');
    expect([...blank.nodes.keys()]).toEqual(['a']);
    expect(codes(blank)).toEqual(['GRY_MANIFEST_BLANK a.yaml']);
    const empty = files.write('a.yaml', '# all gone\n');
    expect([empty.nodes.size, codes(empty)]).toEqual([0, []]);
  });

  test('an empty file that never had objects is no problem', () => {
    expect(new Files().write('a.yaml', '')).toMatchObject({ complete: true, problems: [] });
  });

  test('a deleted file takes its objects and problems along', () => {
    const files = new Files();
    files.write('a.yaml', nodeText('a'));
    files.write('b.yaml', documents(nodeText('b'), peerText('p', 'x')));
    const after = files.remove('b.yaml');
    expect([...after.nodes.keys()]).toEqual(['a']);
    expect(after.problems).toEqual([]);
  });

  test('incomplete as long as a file could never be understood', () => {
    const files = new Files();
    expect(files.write('a.yaml', documents(nodeText('a'), nodeText('b', 'x'))).complete).toBe(false);
    expect(files.write('a.yaml', documents(nodeText('a'), 'kind: Node\n')).complete).toBe(false);
    expect(files.write('a.yaml', 'kind: [').complete).toBe(false);
    expect(files.write('a.yaml', nodeText('a')).complete).toBe(true);
    expect(files.write('a.yaml', 'kind: [').complete).toBe(true);
    files.store.accept(
      'b.yaml',
      brokenManifest('b.yaml', 'permission denied', 'let the agent read the file'),
    );
    expect(files.store.snapshot(true, [])).toMatchObject({ complete: false, synced: true });
    expect(files.remove('b.yaml').complete).toBe(true);
  });
});

describe('duplicates', () => {
  test('the file that sorts first wins, whatever came first', () => {
    const files = new Files();
    files.write('b.yaml', nodeText('n', '10.2.0.0/24'));
    const after = files.write('a.yaml', nodeText('n', '10.1.0.0/24'));
    expect(after.nodes.get('n')?.podCIDRs).toEqual(['10.1.0.0/24']);
    expect(after.problems).toEqual([
      {
        code: 'GRY_MANIFEST_DUPLICATE',
        severity: 'warning',
        subject: 'b.yaml:1:1 Node n',
        message: 'the object is also in a.yaml:1:1, which is used',
        remedy: 'remove one of the two',
      },
    ]);
    expect(files.remove('a.yaml').nodes.get('n')?.podCIDRs).toEqual(['10.2.0.0/24']);
  });

  test('twice in one file: the first wins', () => {
    const after = new Files().write(
      'a.yaml',
      documents(nodeText('n', '10.1.0.0/24'), nodeText('n', '10.2.0.0/24')),
    );
    expect(after.nodes.get('n')?.podCIDRs).toEqual(['10.1.0.0/24']);
    expect(codes(after)).toEqual(['GRY_MANIFEST_DUPLICATE a.yaml:8:1 Node n']);
  });

  test('objects of different kinds may share a name', () => {
    expect(new Files().write('a.yaml', documents(nodeText('n'), peerText('n'))).problems).toEqual([]);
  });
});

describe('identity', () => {
  test('what did not change is the same object, wherever it is written', () => {
    const files = new Files();
    const first = files.write('a.yaml', documents(nodeText('a'), nodeText('b')));
    expect(files.write('a.yaml', `# touched\n${documents(nodeText('a'), nodeText('b'))}`)).toBe(first);

    const changed = files.write('a.yaml', documents(nodeText('a'), nodeText('b', '10.9.0.0/24')));
    expect(changed).not.toBe(first);
    expect(changed.nodes).not.toBe(first.nodes);
    expect(changed.nodes.get('a')).toBe(first.nodes.get('a'));
    expect(changed.nodes.get('b')).not.toBe(first.nodes.get('b'));
    expect(changed.bgpPeers).toBe(first.bgpPeers);

    const withPeer = files.write('b.yaml', peerText('p'));
    expect(withPeer.nodes).toBe(changed.nodes);

    files.write('c.yaml', nodeText('a'));
    expect(files.write('a.yaml', nodeText('b', '10.9.0.0/24')).nodes.get('a')).toBe(first.nodes.get('a'));
  });

  test('a renamed object is another one, even where the number stays', () => {
    const files = new Files();
    const first = files.write('a.yaml', nodeText('a'));
    expect([...files.write('a.yaml', nodeText('b')).nodes.keys()]).toEqual(['b']);
    expect([...first.nodes.keys()]).toEqual(['a']);
  });
});

test('whatever happens to one file, the objects of the others stay', () => {
  const whole = documents(nodeText('a'), peerText('p'));
  const mutation = fc.tuple(
    fc.nat(whole.length),
    fc.nat(40),
    fc.oneof(fc.string(), fc.constantFrom('\n', '- ', '{', '---\n')),
  );
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 8 }), (mutations) => {
      const files = new Files();
      files.write('0.yaml', nodeText('z'));
      let good = files.write('a.yaml', whole);
      const z = good.nodes.get('z');
      let text = whole;
      for (const [at, cut, insert] of mutations) {
        text = text.slice(0, at) + insert + text.slice(at + cut);
        const after = files.write('a.yaml', text);
        expect(after.nodes.get('z')).toBe(z);
        // A version that cannot be parsed changes nothing at all.
        if (parseManifest('a.yaml', text).broken) expect(after.nodes).toBe(good.nodes);
        good = after;
      }
    }),
  );
});
