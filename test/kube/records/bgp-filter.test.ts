import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bgpFilterKind } from '../../../src/kube/kinds/bgp-filter.ts';
import { parseBGPFilter } from '../../../src/kube/records/bgp-filter.ts';
import { lines, ours } from './objects.ts';

const parse = (spec: unknown) => parseBGPFilter(ours('BGPFilter', 'corp', spec));
/** One rule of `importV4`. */
const rule = (fields: object) => parse({ importV4: [{ action: 'Accept', ...fields }] });

describe('good rules', () => {
  test.each([
    [{}, {}],
    [{ action: 'Reject' }, { action: 'Reject' }],
    [
      { cidr: '10.0.0.0/8', matchOperator: 'NotIn' },
      { cidr: '10.0.0.0/8', matchOperator: 'NotIn' },
    ],
    [
      { cidr: '10.0.0.0/8', matchOperator: 'In', prefixLength: { min: 16 } },
      { cidr: '10.0.0.0/8', matchOperator: 'In', prefixLength: { min: 16 } },
    ],
    [{ prefixLength: { min: 8, max: 24 } }, { prefixLength: { min: 8, max: 24 } }],
    [{ source: 'RemotePeers' }, { source: 'RemotePeers' }],
    [
      { interface: 'eth*', peerType: 'eBGP' },
      { interface: 'eth*', peerType: 'eBGP' },
    ],
    [
      { communities: { values: ['65000:1', '65000:1:2'] } },
      {
        communities: [
          { kind: 'standard', value: 65_000 * 65_536 + 1 },
          { kind: 'large', value: { global: 65_000, local1: 1, local2: 2 } },
        ],
      },
    ],
    [{ asPathPrefix: [65_000, '1.1'] }, { asPathPrefix: [65_000, 65_537] }],
    [
      {
        operations: [
          { addCommunity: { value: 'no-export' } },
          { prependASPath: { prefix: [65_000, 65_000] } },
          { setPriority: { value: 512 } },
        ],
      },
      {
        operations: [
          { addCommunity: { kind: 'standard', value: 0xffffff01 } },
          { prependASPath: [65_000, 65_000] },
          { setPriority: 512 },
        ],
      },
    ],
    // What Calico's tools write where nothing is meant.
    [{ cidr: '', interface: '', asPathPrefix: [], operations: [], communities: null, source: null }, {}],
  ])('%j', (fields, expected) => {
    const { record, problems } = rule(fields);
    expect(problems).toEqual([]);
    expect(record?.importV4).toEqual([{ action: 'Accept', ...expected }]);
  });

  test('the four lists keep their order', () => {
    const accept = (cidr: string): object => ({ action: 'Accept', cidr, matchOperator: 'Equal' });
    const { record, problems } = parse({
      importV4: [accept('10.1.0.0/16'), accept('10.0.0.0/16')],
      exportV6: [accept('fd00::/64')],
    });
    expect(problems).toEqual([]);
    expect(record).toEqual({
      name: 'corp',
      importV4: [accept('10.1.0.0/16'), accept('10.0.0.0/16')],
      importV6: [],
      exportV4: [],
      exportV6: [accept('fd00::/64')],
      unsupported: [],
    });
  });
});

describe('a wrong rule spoils the whole filter', () => {
  const at = 'spec.importV4[0]';
  test.each([
    [{ action: undefined }, `GRY_FIELD_MISSING ${at}.action: the field is missing; add it`],
    [
      { action: 'accept' },
      `GRY_FIELD_INVALID ${at}.action: "accept" is not one of Accept, Reject; write such a value, or remove the field`,
    ],
    [
      { cidr: '10.0.0.0/8' },
      `GRY_FIELDS_CONTRADICT ${at}.matchOperator: only one of cidr and matchOperator is set; set both, or none`,
    ],
    [
      { matchOperator: 'In' },
      `GRY_FIELDS_CONTRADICT ${at}.matchOperator: only one of cidr and matchOperator is set; set both, or none`,
    ],
    [
      { cidr: '10.0.0.1/8', matchOperator: 'In' },
      `GRY_FIELD_INVALID ${at}.cidr: "10.0.0.1/8" is not a CIDR without bits set beyond its length; write 10.0.0.0/8`,
    ],
    [
      { cidr: 'fd00::/8', matchOperator: 'In' },
      `GRY_FIELD_INVALID ${at}.cidr: "fd00::/8" is not an IPv4 CIDR; move the rule to the list for IPv6`,
    ],
    [
      { prefixLength: { min: 25, max: 24 } },
      `GRY_FIELDS_CONTRADICT ${at}.prefixLength: its min 25 is above its max 24; exchange the two`,
    ],
    [
      { prefixLength: { max: 33 } },
      `GRY_FIELD_INVALID ${at}.prefixLength.max: 33 is not a whole number from 0 to 32; write such a value, or remove the field`,
    ],
    [
      { communities: { values: ['65000'] } },
      `GRY_FIELD_INVALID ${at}.communities.values[0]: "65000" is not a community; write it like 65000:100, 65000:1:100 or no-export`,
    ],
    [
      { communities: { values: [] } },
      `GRY_FIELDS_CONTRADICT ${at}.communities: the list of communities is empty; name a community, or remove the field`,
    ],
    [
      { priority: 512 },
      `GRY_UNSUPPORTED_FIELD ${at}.priority: the field is not carried out, and without it the object would mean something else; match by cidr, communities or asPathPrefix instead`,
    ],
    [
      { action: 'Reject', operations: [{ setPriority: { value: 1 } }] },
      `GRY_FIELDS_CONTRADICT ${at}.operations: a route that is rejected cannot be changed; remove them, or write action: Accept`,
    ],
    [
      { operations: [{ setPriority: { value: 1 }, addCommunity: { value: '1:1' } }] },
      `GRY_FIELDS_CONTRADICT ${at}.operations[0]: exactly one of addCommunity, prependASPath and setPriority belongs here; write one operation per entry`,
    ],
    [
      { operations: [{}] },
      `GRY_FIELDS_CONTRADICT ${at}.operations[0]: exactly one of addCommunity, prependASPath and setPriority belongs here; write one operation per entry`,
    ],
    [
      { operations: [{ prependASPath: { prefix: [] } }] },
      `GRY_FIELDS_CONTRADICT ${at}.operations[0].prependASPath.prefix: the list is empty; name 1 to 10 AS numbers`,
    ],
  ])('%j', (fields, problem) => {
    const { record, problems } = rule(fields);
    expect(record).toBeUndefined();
    expect(lines(problems)).toEqual([`error ${problem.replace(' ', ' BGPFilter corp ')}`]);
  });
});

test('no JSON value in any place makes the parser throw, and only whole filters come out', () => {
  const lists = Object.keys(bgpFilterKind.spec.properties);
  const fields = Object.keys(bgpFilterKind.spec.properties.importV4.items.properties);
  const rules = fc.array(fc.dictionary(fc.constantFrom(...fields, 'other'), fc.jsonValue({ maxDepth: 3 })));
  const specs = fc.dictionary(fc.constantFrom(...lists), fc.oneof(fc.jsonValue({ maxDepth: 2 }), rules));
  fc.assert(
    fc.property(specs, (spec) => {
      const { record, problems } = parse(spec);
      expect(record === undefined).toBe(problems.some((p) => p.severity === 'error'));
      for (const problem of problems) expect(problem.remedy).not.toBe('');
    }),
  );
});
