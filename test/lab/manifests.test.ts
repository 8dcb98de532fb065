import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseManifest } from '../../src/kube/manifests/manifest.ts';
import { labManifests } from '../../src/lab/manifests.ts';
import { labTopology } from '../../src/lab/topology.ts';

const manifests = labManifests(labTopology('lab'));

const parsed = [...manifests].map(([name, text]) => parseManifest(name, text));

describe('what the agents read', () => {
  test('every file is good, without a single complaint', () => {
    expect(parsed.flatMap((manifest) => manifest.problems)).toEqual([]);
    expect(parsed.flatMap((manifest) => manifest.objects).flatMap((object) => object.problems)).toEqual([]);
  });

  test('objects, by kind', () => {
    const kinds = parsed
      .flatMap((manifest) => manifest.objects)
      .map((object) => `${object.kind} ${object.name}`);
    expect(kinds).toEqual([
      'Node node-a',
      'Node node-b',
      'Node node-c',
      'BGPConfiguration default',
      'BGPPeer tor-rack-1-ipv4',
      'BGPPeer tor-rack-1-ipv6',
      'BGPPeer tor-rack-2-ipv4',
      'BGPPeer tor-rack-2-ipv6',
      'IPPool pods-ipv4',
      'IPPool pods-ipv6',
    ]);
  });
});

describe('nodes.yaml looks like the output of kubectl', () => {
  const text = manifests.get('nodes.yaml') ?? '';

  test('a List with sorted keys, sequences not indented, timestamps in quotes', () => {
    expect(text.startsWith('apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Node\n  metadata:\n')).toBe(
      true,
    );
    expect(text.endsWith('kind: List\nmetadata:\n  resourceVersion: ""\n')).toBe(true);
    expect(text).toContain('creationTimestamp: "2026-11-22T22:01:37Z"');
  });

  test('uids are uids, one for each', () => {
    const { items } = parse(text) as { items: { metadata: { uid: string } }[] };
    const uids = items.map((item) => item.metadata.uid);
    expect(new Set(uids).size).toBe(3);
    for (const uid of uids) expect(uid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });
});
