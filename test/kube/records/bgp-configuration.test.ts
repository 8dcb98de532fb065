import { describe, expect, test } from 'vitest';
import { parseBGPConfiguration } from '../../../src/kube/records/bgp-configuration.ts';
import { lines, ours } from './objects.ts';

const parse = (spec: unknown, name = 'default') =>
  parseBGPConfiguration(ours('BGPConfiguration', name, spec));

describe('bad configurations are refused', () => {
  test.each([
    [
      'global',
      {},
      'metadata.name: "global" is not "default" or "node." with the name of a Node behind it; rename it',
    ],
    [
      'defaults',
      {},
      'metadata.name: "defaults" is not "default" or "node." with the name of a Node behind it; rename it',
    ],
    [
      'default',
      { listenPort: 0 },
      'spec.listenPort: 0 is not a whole number from 1 to 65535; write such a value, or remove the field',
    ],
    [
      'default',
      { listenPort: '179' },
      'spec.listenPort: "179" is not a whole number from 1 to 65535; write it without quotes and within these values',
    ],
    [
      'default',
      { serviceClusterIPs: [{ cidr: 5 }] },
      'spec.serviceClusterIPs[0].cidr: 5 is not a text of at most 49 characters; write such a value, or remove the field',
    ],
    ['default', { serviceClusterIPs: [{}] }, 'spec.serviceClusterIPs[0].cidr: the field is missing; add it'],
    [
      'default',
      { communities: {} },
      'spec.communities: {} is not a list of at most 256 entries; write such a value, or remove the field',
    ],
    [
      'default',
      { communities: [{ name: 'a', value: '65536:1' }] },
      'spec.communities[0].value: "65536:1" is not a community; write it like 65000:100, 65000:1:100 or no-export',
    ],
    [
      'default',
      {
        communities: [
          { name: 'a', value: '1:1' },
          { name: 'a', value: '1:2' },
        ],
      },
      'spec.communities[1].name: "a" is not a name of its own: an entry before has it; rename it',
    ],
    [
      'default',
      { prefixAdvertisements: [{ cidr: '10.0.0.1/8', communities: [] }] },
      'spec.prefixAdvertisements[0].cidr: "10.0.0.1/8" is not a CIDR without bits set beyond its length; write 10.0.0.0/8',
    ],
    [
      'default',
      { ipv4NormalRoutePriority: 'x' },
      'spec.ipv4NormalRoutePriority: "x" is not a whole number; write it without quotes and within these values',
    ],
    [
      'node.a',
      { asNumber: 0 },
      'spec.asNumber: 0 is not an AS number from 1 to 4294967295 or in asdot notation ("65001.5"); write the AS number that the operator of the network gave out',
    ],
  ])('%s %j', (name, spec, problem) => {
    const { record, problems } = parse(spec, name);
    expect(record).toBeUndefined();
    expect(lines(problems.filter((p) => p.severity === 'error'))).toEqual([
      expect.stringContaining(`BGPConfiguration ${name} ${problem}`),
    ]);
  });

  test('a list that is too long is not walked', () => {
    const { record, problems } = parse({ ignoredInterfaces: Array.from({ length: 257 }, () => 5) });
    expect(record).toBeUndefined();
    expect(problems.filter((p) => p.severity === 'error')).toHaveLength(1);
  });
});

describe('good configurations', () => {
  test.each([
    ['default', {}, {}],
    ['default', null, {}],
    ['node.worker-1', { asNumber: '1.1' }, { asNumber: 65_537 }],
    [
      'default',
      {
        nodeToNodeMeshEnabled: false,
        listenPort: 1790,
        holdTime: '9s',
        keepaliveTime: 3,
        ebgpRequiresPolicy: true,
      },
      {
        nodeToNodeMeshEnabled: false,
        listenPort: 1790,
        holdTime: 9,
        keepaliveTime: 3,
        ebgpRequiresPolicy: true,
      },
    ],
    // What calicoctl prints.
    ['default', { logSeverityScreen: 'Info', communities: [], prefixAdvertisements: [] }, {}],
  ])('%s %j', (name, spec, expected) => {
    expect(parse(spec, name)).toEqual({ record: { name, unsupported: [], ...expected }, problems: [] });
  });

  test('passwords, communities and what is announced with them', () => {
    const { record, problems } = parse({
      nodeMeshPassword: { secretKeyRef: { name: 'bgp', key: 'mesh' } },
      nodeMeshMaxRestartTime: '90s',
      communities: [
        { name: 'rack', value: '65000:100' },
        { name: 'site', value: '65000:1:2' },
        { name: 'stay', value: 'no-export' },
      ],
      prefixAdvertisements: [{ cidr: '10.244.0.0/16', communities: ['rack', '65000:7'] }],
      bindMode: 'None',
      gracefulShutdownWhenCordoned: true,
    });
    expect(problems).toEqual([]);
    expect(record).toEqual({
      name: 'default',
      nodeMeshPassword: { kind: 'secret', name: 'bgp', key: 'mesh' },
      nodeMeshMaxRestartTime: 90,
      communities: new Map<string, unknown>([
        ['rack', { kind: 'standard', value: 65_000 * 65_536 + 100 }],
        ['site', { kind: 'large', value: { global: 65_000, local1: 1, local2: 2 } }],
        ['stay', { kind: 'standard', value: 0xffffff01 }],
      ]),
      prefixAdvertisements: [{ cidr: '10.244.0.0/16', communities: ['rack', '65000:7'] }],
      bindMode: 'None',
      gracefulShutdownWhenCordoned: true,
      unsupported: [],
    });
  });

  test('what the mesh must agree on is misplaced in the configuration of one node', () => {
    const { record, problems } = parse({ nodeMeshMaxRestartTime: 9, nodeToNodeMeshEnabled: false }, 'node.a');
    expect(record).toBeDefined();
    expect(lines(problems)).toEqual([
      'warning GRY_FIELD_MISPLACED BGPConfiguration node.a spec.nodeToNodeMeshEnabled: the field has no effect for one node alone; set it in BGPConfiguration default',
      'warning GRY_FIELD_MISPLACED BGPConfiguration node.a spec.nodeMeshMaxRestartTime: the field has no effect for one node alone; set it in BGPConfiguration default',
    ]);
  });

  test('fields that are not carried out are listed with their paths', () => {
    const { record, problems } = parse({
      serviceClusterIPs: [{ cidr: '10.96.0.0/12' }],
      logSeverityScreen: 'Debug',
    });
    expect(record?.unsupported).toEqual(['spec.serviceClusterIPs', 'spec.logSeverityScreen']);
    expect(problems.map((p) => p.remedy)).toEqual(['remove it', 'use the setting logLevel']);
  });

  test('a misspelt field deep inside', () => {
    const { problems } = parse({
      nodeMeshPassword: { secretKeyRef: { name: 'bgp', key: 'mesh', optinal: true } },
    });
    expect(problems.at(-1)).toMatchObject({
      code: 'GRY_UNKNOWN_FIELD',
      subject: 'BGPConfiguration default spec.nodeMeshPassword.secretKeyRef.optinal',
      remedy: 'write optional, or remove it',
    });
  });
});
