import { describe, expect, test } from 'vitest';
import { parseObject } from '../../../src/kube/records/object.ts';
import { lines, node, ours } from './objects.ts';

describe('objects that we do not keep', () => {
  const object = (apiVersion: unknown, kind: unknown): Record<string, unknown> => ({
    apiVersion,
    kind,
    metadata: {},
  });
  test.each([
    [object('v1', undefined), 'error GRY_FIELD_MISSING object kind: the field is missing; add it'],
    [object('v1', 5), 'error GRY_FIELD_MISSING object kind: the field is missing; add it'],
    [object(undefined, 'Node'), 'error GRY_FIELD_MISSING Node apiVersion: the field is missing; add it'],
    [
      object('gryphon.dev/v1alpha1', 'BGPPear'),
      'warning GRY_UNKNOWN_KIND BGPPear kind: there is no such kind in gryphon.dev/v1alpha1; write BGPPeer',
    ],
    [
      object('gryphon.dev/v1alpha1', 'Node'),
      'warning GRY_UNKNOWN_VERSION Node apiVersion: there is no such kind in gryphon.dev/v1alpha1; write apiVersion: v1',
    ],
    [
      object('gryphon.dev/v1alpha1', 'constructor'),
      'warning GRY_UNKNOWN_KIND constructor kind: there is no such kind in gryphon.dev/v1alpha1; remove it',
    ],
    [
      object('gryphon.dev/v1', 'BGPPeer'),
      'warning GRY_UNKNOWN_VERSION BGPPeer apiVersion: there is no such kind in gryphon.dev/v1; write apiVersion: gryphon.dev/v1alpha1',
    ],
    [
      object('projectcalico.org/v3', 'IPPool'),
      "warning GRY_FOREIGN_KIND IPPool apiVersion: the object is one of Calico's and has no effect; write gryphon.dev/v1alpha1 to use it, or turn calicoKinds on",
    ],
  ])('%j', (value, problem) => {
    const parsed = parseObject(value);
    expect(parsed.map).toBeUndefined();
    expect('problem' in parsed && parsed.problem !== undefined ? lines([parsed.problem]) : []).toEqual([
      problem,
    ]);
  });

  test.each([
    ['v1', 'Pod'],
    ['v1', 'Service'],
    ['networking.k8s.io/v1', 'NetworkPolicy'],
    ['apps/v1', 'DaemonSet'],
    ['projectcalico.org/v3', 'GlobalNetworkPolicy'],
    ['example.com/v1', 'Node'],
    ['v1', 'constructor'],
  ])('%s %s is passed over in silence', (apiVersion, kind) => {
    expect(parseObject(object(apiVersion, kind))).toEqual({});
  });
});

test.each<[Readonly<Record<string, unknown>>, string, string]>([
  [node('n'), 'nodes', 'n'],
  [ours('IPPool', 'p', { cidr: '10.0.0.0/8' }), 'pools', 'p'],
  [ours('BGPConfiguration', 'default', {}), 'bgpConfigurations', 'default'],
  [ours('BGPFilter', 'f', {}), 'bgpFilters', 'f'],
  [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }, 'secrets', 's'],
  [ours('BGPPeer', 'b', { peerIP: '192.0.2.1', asNumber: 1 }), 'bgpPeers', 'b'],
])('%j goes to %s', (value, map, name) => {
  expect(parseObject(value)).toMatchObject({ map, kind: value['kind'], parsed: { record: { name } } });
});
