import { describe, expect, test } from 'vitest';
import { parseIPPool } from '../../../src/kube/records/ip-pool.ts';
import { lines, ours } from './objects.ts';

const parse = (spec: unknown) => parseIPPool(ours('IPPool', 'pods', spec));

describe('bad pools are refused', () => {
  test.each([
    [{}, 'GRY_FIELD_MISSING IPPool pods spec.cidr: the field is missing; add it'],
    [
      { cidr: '10.244.0.1/16' },
      'GRY_FIELD_INVALID IPPool pods spec.cidr: "10.244.0.1/16" is not a CIDR without bits set beyond its length; write 10.244.0.0/16',
    ],
    [
      { cidr: '10.244.0.0' },
      'GRY_FIELD_INVALID IPPool pods spec.cidr: "10.244.0.0" is not a CIDR; write it like 10.244.1.0/24 or fd00:244::/64',
    ],
    [
      { cidr: 5 },
      'GRY_FIELD_INVALID IPPool pods spec.cidr: 5 is not a text of at most 49 characters; write such a value, or remove the field',
    ],
    [
      { cidr: '10.244.0.0/16', natOutgoing: 'true' },
      'GRY_FIELD_INVALID IPPool pods spec.natOutgoing: "true" is not true or false; write it without quotes and within these values',
    ],
    [
      { cidr: '10.244.0.0/16', ipipMode: 'Sometimes' },
      'GRY_FIELD_INVALID IPPool pods spec.ipipMode: "Sometimes" is not one of Never, Always, CrossSubnet; write such a value, or remove the field',
    ],
  ])('%j', (spec, problem) => {
    const { record, problems } = parse(spec);
    expect(record).toBeUndefined();
    expect(lines(problems.filter((p) => p.severity === 'error'))).toEqual([`error ${problem}`]);
  });
});

describe('good pools', () => {
  const cidr = '10.244.0.0/16';
  const bare = {
    name: 'pods',
    cidr,
    natOutgoing: false,
    disabled: false,
    disableBGPExport: false,
    unsupported: [],
  };
  test.each([
    [{ cidr }, {}],
    [{ cidr: 'FD00:244:0::/48' }, { cidr: 'fd00:244::/48' }],
    [
      { cidr, natOutgoing: true, disabled: true, disableBGPExport: true },
      { natOutgoing: true, disabled: true, disableBGPExport: true },
    ],
    // What calicoctl prints of a pool without encapsulation.
    [
      {
        cidr,
        ipipMode: 'Never',
        vxlanMode: 'Never',
        natOutgoing: true,
        nodeSelector: 'all()',
        allowedUses: ['Workload', 'Tunnel'],
        assignmentMode: 'Automatic',
      },
      { natOutgoing: true },
    ],
  ])('%j', (spec, expected) => {
    expect(parse(spec)).toEqual({ record: { ...bare, ...expected }, problems: [] });
  });

  test('fields about addresses and encapsulation have no effect', () => {
    const { record, problems } = parse({ cidr, blockSize: 26, vxlanMode: 'Always' });
    expect(record?.unsupported).toEqual(['spec.blockSize', 'spec.vxlanMode']);
    expect(problems.map((p) => `${p.code} ${p.remedy}`)).toEqual([
      'GRY_UNSUPPORTED_FIELD remove it: addresses come from the podCIDRs of the Nodes',
      'GRY_UNSUPPORTED_FIELD remove it: traffic between nodes is routed without encapsulation',
    ]);
  });
});
