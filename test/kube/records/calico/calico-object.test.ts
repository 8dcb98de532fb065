import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseBGPConfiguration } from '../../../../src/kube/records/bgp-configuration.ts';
import { parseBGPFilter } from '../../../../src/kube/records/bgp-filter.ts';
import { parseBGPPeer } from '../../../../src/kube/records/bgp-peer.ts';
import { believedFilter, believedRecord } from '../../../../src/kube/records/calico/believed-filter.ts';
import type { CalicoKind } from '../../../../src/kube/records/calico/calico-kind.ts';
import { parseCalico, translateCalico } from '../../../../src/kube/records/calico/calico-object.ts';
import { parseIPPool } from '../../../../src/kube/records/ip-pool.ts';
import { lines, ours } from '../objects.ts';

const calicos = (kind: CalicoKind, name: string, spec: unknown, apiVersion = 'projectcalico.org/v3') => ({
  ...ours(kind, name, spec),
  apiVersion,
});

const pool = { cidr: '192.168.0.0/16', natOutgoing: true };
const router = { peerIP: '192.0.2.1', asNumber: 64_600 };

describe('what is said otherwise', () => {
  test.each<[CalicoKind, string, object, object]>([
    ['IPPool', 'p', { cidr: '10.0.0.0/8', 'nat-outgoing': true }, { cidr: '10.0.0.0/8', natOutgoing: true }],
    [
      'IPPool',
      'p',
      { cidr: '10.0.0.0/8', 'nat-outgoing': false, natOutgoing: true },
      { cidr: '10.0.0.0/8', natOutgoing: true },
    ],
    ['IPPool', 'p', { cidr: '10.0.0.0/8', ipip: null }, { cidr: '10.0.0.0/8' }],
    [
      'IPPool',
      'p',
      { cidr: '10.0.0.0/8', ipip: { enabled: false, mode: 'always' } },
      { cidr: '10.0.0.0/8', ipipMode: 'Never' },
    ],
    [
      'IPPool',
      'p',
      { cidr: '10.0.0.0/8', ipip: { enabled: true } },
      { cidr: '10.0.0.0/8', ipipMode: 'Always' },
    ],
    [
      'IPPool',
      'p',
      { cidr: '10.0.0.0/8', ipip: { enabled: true, mode: 'cross-subnet' } },
      { cidr: '10.0.0.0/8', ipipMode: 'CrossSubnet' },
    ],
    ['BGPConfiguration', 'default', { asNumber: 64_520 }, { asNumber: 64_520, bindMode: 'None' }],
    ['BGPConfiguration', 'default', { bindMode: null }, { bindMode: 'None' }],
    ['BGPPeer', 'b', router, { ...router, filters: ['calico-import'] }],
    ['BGPPeer', 'b', { ...router, filters: ['a'] }, { ...router, filters: ['a', 'calico-import'] }],
  ])('%s %s %j', (kind, name, spec, translated) => {
    const { object, reasons } = translateCalico(kind, calicos(kind, name, spec));
    expect(object).toEqual(ours(kind, name, translated));
    expect(reasons).not.toEqual([]);
  });

  test.each<[CalicoKind, string, object]>([
    ['IPPool', 'p', { ...pool, ipipMode: 'Always', vxlanMode: 'Never', disabled: true }],
    ['BGPConfiguration', 'default', { bindMode: 'NodeIP', nodeToNodeMeshEnabled: false }],
    // What `default` says counts for a node that says nothing itself.
    ['BGPConfiguration', 'node.worker-1', { listenPort: 1790 }],
    ['BGPPeer', 'b', { peerIP: '', nodeSelector: 'all()', peerSelector: "rr == 'true'", filters: ['a'] }],
    ['BGPFilter', 'f', { importV4: [{ action: 'Accept' }] }],
  ])('the rest is the same: %s %s %j', (kind, name, spec) => {
    expect(translateCalico(kind, calicos(kind, name, spec))).toMatchObject({
      object: ours(kind, name, spec),
      reasons: [],
    });
  });
});

describe('an object of Calico gives the record that ours with the same words gives', () => {
  test.each<[CalicoKind, string, object, (value: unknown) => { readonly record?: unknown }]>([
    ['IPPool', 'p', { ...pool, disabled: true, disableBGPExport: true }, parseIPPool],
    ['BGPConfiguration', 'node.a', { asNumber: '1.10', listenPort: 1790 }, parseBGPConfiguration],
    ['BGPPeer', 'b', { peerSelector: 'all()', maxRestartTime: '5m0s', password: null }, parseBGPPeer],
    [
      'BGPFilter',
      'f',
      { exportV4: [{ action: 'Reject', cidr: '10.0.0.0/8', matchOperator: 'In' }] },
      parseBGPFilter,
    ],
  ])('%s %s %j', (kind, name, spec, parse) => {
    const { record } = parse(ours(kind, name, spec));
    expect(record).toBeDefined();
    for (const version of ['projectcalico.org/v3', 'crd.projectcalico.org/v1'])
      expect(parseCalico(kind)(calicos(kind, name, spec, version)).record).toEqual(record);
  });
});

describe('problems say whose the object is', () => {
  test.each<[string, CalicoKind, unknown, boolean, readonly string[]]>([
    [
      'what is not carried out',
      'IPPool',
      { ...pool, blockSize: 26, vxlanMode: 'CrossSubnet' },
      true,
      [
        "warning GRY_UNSUPPORTED_FIELD Calico's IPPool n spec.blockSize: the field is not carried out yet, the object is used without it; remove it: addresses come from the podCIDRs of the Nodes",
        "warning GRY_UNSUPPORTED_FIELD Calico's IPPool n spec.vxlanMode: the field is not carried out yet, the object is used without it; remove it: traffic between nodes is routed without encapsulation",
      ],
    ],
    [
      'the old form of an encapsulation',
      'IPPool',
      { ...pool, ipip: { enabled: true, mode: 'always' } },
      true,
      [
        "warning GRY_UNSUPPORTED_FIELD Calico's IPPool n spec.ipipMode: the field is not carried out yet, the object is used without it; remove it: traffic between nodes is routed without encapsulation",
      ],
    ],
    [
      'a range without pods',
      'IPPool',
      { ...pool, allowedUses: ['LoadBalancer'] },
      false,
      [
        "warning GRY_CALICO_POOL_NOT_OF_PODS Calico's IPPool n spec.allowedUses: the pool has addresses of load balancers only, so it is not used; nothing needs to be done where pods have no address of it",
      ],
    ],
    [
      'pods that peer',
      'BGPPeer',
      { asNumber: 1, localWorkloadSelector: 'all()' },
      false,
      [
        "error GRY_UNSUPPORTED_FIELD Calico's BGPPeer n spec.localWorkloadSelector: the field is not carried out, and without it the object would mean something else; write a BGPPeer with peerIP or peerSelector",
      ],
    ],
    [
      'no map',
      'BGPFilter',
      'text',
      false,
      [
        'error GRY_FIELD_INVALID Calico\'s BGPFilter n spec: "text" is not a map of fields; write such a value, or remove the field',
      ],
    ],
    [
      'nothing at all',
      'IPPool',
      undefined,
      false,
      ["error GRY_FIELD_MISSING Calico's IPPool n spec.cidr: the field is missing; add it"],
    ],
  ])('%s', (_, kind, spec, isTaken, problems) => {
    const parsed = parseCalico(kind)(calicos(kind, 'n', spec));
    expect(lines(parsed.problems)).toEqual(problems);
    expect(parsed.record !== undefined).toBe(isTaken);
  });
});

test('the filter that all routers of Calico share is what its record says', () => {
  expect(parseBGPFilter(believedFilter)).toEqual({ record: believedRecord, problems: [] });
});

it('no JSON value makes it throw, and what is not taken has a reason', () => {
  const kinds = fc.constantFrom<CalicoKind>('IPPool', 'BGPPeer', 'BGPFilter', 'BGPConfiguration');
  const values = fc.oneof(
    fc.jsonValue(),
    fc.record({ metadata: fc.constant({ name: 'n' }), spec: fc.jsonValue() }),
    fc.record({
      metadata: fc.constant({ name: 'n' }),
      spec: fc.record({ ipip: fc.jsonValue(), allowedUses: fc.jsonValue(), filters: fc.jsonValue() }),
    }),
  );
  fc.assert(
    fc.property(kinds, values, (kind, value) => {
      const { record, problems } = parseCalico(kind)(value);
      expect(record !== undefined || problems.length > 0).toBe(true);
    }),
  );
});
