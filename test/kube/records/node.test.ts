import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseNode, parseNodeBesideCalico } from '../../../src/kube/records/node.ts';
import { lines, node, testdataItems } from './objects.ts';

describe('bad Nodes are refused', () => {
  test.each([
    ['no object', 'Node', 'error GRY_FIELD_MISSING Node metadata.name: the field is missing; add it'],
    ['null', null, 'error GRY_FIELD_MISSING Node metadata.name: the field is missing; add it'],
    [
      'no metadata',
      { kind: 'Node' },
      'error GRY_FIELD_MISSING Node metadata.name: the field is missing; add it',
    ],
    [
      'a name that Kubernetes would not take',
      node('Worker_1'),
      'error GRY_FIELD_INVALID Node metadata.name: "Worker_1" is not a name of at most 253 lower-case letters, digits, "-" and "."; rename it',
    ],
    [
      'a name that is no text',
      { metadata: { name: 5 } },
      'error GRY_FIELD_INVALID Node metadata.name: 5 is not a name of at most 253 lower-case letters, digits, "-" and "."; rename it',
    ],
  ])('%s', (_, value, problem) => {
    const { record, problems } = parseNode(value);
    expect(record).toBeUndefined();
    expect(lines(problems)).toEqual([problem]);
  });
});

describe('bad values are left out and reported', () => {
  const annotated = (name: string, value: unknown): object => ({
    metadata: { name: 'n', annotations: { [`gryphon.dev/${name}`]: value } },
  });
  test.each([
    [
      'a podCIDR with host bits',
      { spec: { podCIDRs: ['10.0.0.1/24', 'fd00::/64'] } },
      { podCIDRs: ['fd00::/64'] },
      'Node n spec.podCIDRs[0]: "10.0.0.1/24" is not a CIDR without bits set beyond its length; write 10.0.0.0/24',
    ],
    [
      'a podCIDR that is no text',
      { spec: { podCIDR: { a: 1 } } },
      { podCIDRs: [] },
      'Node n spec.podCIDR: {"a":1} is not a CIDR; write it like 10.244.1.0/24 or fd00:244::/64',
    ],
    [
      'an internal address',
      { status: { addresses: [{ type: 'InternalIP', address: '10.0.0' }] } },
      { internalIPs: [] },
      'Node n status.addresses[0].address: "10.0.0" is not an IPv4 or IPv6 address; write it like 192.0.2.1 or 2001:db8::1',
    ],
    [
      'an internal address that is missing',
      { status: { addresses: [{ type: 'InternalIP' }] } },
      { internalIPs: [] },
      'Node n status.addresses[0].address: undefined is not an IPv4 or IPv6 address; write it like 192.0.2.1 or 2001:db8::1',
    ],
    [
      'an annotated address of the other family',
      annotated('ipv4-address', 'fd00::1'),
      { annotatedAddresses: {} },
      'Node n metadata.annotations.gryphon.dev/ipv4-address: "fd00::1" is not an IPv4 address; write it like 192.0.2.1',
    ],
    [
      'an annotated IPv6 address',
      annotated('ipv6-address', 'x/64'),
      { annotatedAddresses: {} },
      'Node n metadata.annotations.gryphon.dev/ipv6-address: "x/64" is not an IPv6 address; write it like 2001:db8::1',
    ],
    [
      'an AS number',
      annotated('as-number', '4294967296'),
      {},
      'Node n metadata.annotations.gryphon.dev/as-number: "4294967296" is not an AS number from 1 to 4294967295 or in asdot notation ("65001.5"); write the AS number that the operator of the network gave out',
    ],
    [
      'a cluster ID',
      annotated('route-reflector-cluster-id', '7'),
      {},
      'Node n metadata.annotations.gryphon.dev/route-reflector-cluster-id: "7" is not a cluster ID in the form of an IPv4 address; write it like 192.0.2.1',
    ],
    [
      'a misspelt annotation',
      annotated('asnumber', '7'),
      {},
      'Node n metadata.annotations.gryphon.dev/asnumber: there is no such field, it has no effect; write gryphon.dev/as-number, or remove it',
    ],
    [
      'a label that is no text',
      { metadata: { name: 'n', labels: { a: true, b: 'x' } } },
      { labels: { b: 'x' } },
      'Node n metadata.labels.a: true is not a text; write it in quotes',
    ],
  ])('%s', (_, value, expected, problem) => {
    const { record, problems } = parseNode(node('n', value as Record<string, unknown>));
    expect(record).toMatchObject(expected);
    expect(record).not.toHaveProperty('asNumber');
    expect(record).not.toHaveProperty('routeReflectorClusterID');
    expect(problems.map((p) => `${p.subject}: ${p.message}; ${p.remedy}`)).toEqual([problem]);
    expect(problems[0]?.severity).toBe(/labels|asnumber/.test(problem) ? 'warning' : 'error');
  });
});

describe('good Nodes', () => {
  const bare = {
    name: 'n',
    podCIDRs: [],
    internalIPs: [],
    annotatedAddresses: {},
    labels: {},
    ready: false,
    unschedulable: false,
  };
  test.each([
    ['nothing but a name', {}, {}],
    ['before it has a podCIDR', { spec: { podCIDR: '', podCIDRs: null } }, {}],
    ['only podCIDR', { spec: { podCIDR: '10.1.0.0/24' } }, { podCIDRs: ['10.1.0.0/24'] }],
    [
      'podCIDRs win over podCIDR',
      { spec: { podCIDR: '10.1.0.0/24', podCIDRs: ['10.2.0.0/24', 'FD00:0::/64'] } },
      { podCIDRs: ['10.2.0.0/24', 'fd00::/64'] },
    ],
    [
      'only internal addresses count, in their order',
      {
        status: {
          addresses: [
            { type: 'Hostname', address: 'n' },
            { type: 'InternalIP', address: 'fd00::9' },
            { type: 'ExternalIP', address: '192.0.2.9' },
            { type: 'InternalIP', address: '10.0.0.9' },
          ],
        },
      },
      { internalIPs: ['fd00::9', '10.0.0.9'] },
    ],
    [
      'all annotations',
      {
        metadata: {
          name: 'n',
          annotations: {
            'gryphon.dev/ipv4-address': '10.0.0.1/24',
            'gryphon.dev/ipv6-address': '2001:DB8::1',
            'gryphon.dev/as-number': '65001.5',
            'gryphon.dev/route-reflector-cluster-id': '0.0.0.7',
            'projectcalico.org/IPv4Address': '10.9.9.9/24',
          },
        },
      },
      {
        annotatedAddresses: { ipv4: '10.0.0.1', ipv6: '2001:db8::1' },
        asNumber: 65_001 * 65_536 + 5,
        routeReflectorClusterID: '0.0.0.7',
      },
    ],
    [
      'empty annotations are absent ones',
      { metadata: { name: 'n', annotations: { 'gryphon.dev/as-number': '' } } },
      {},
    ],
    ['ready', { status: { conditions: [{ type: 'Ready', status: 'True' }] } }, { ready: true }],
    ['not ready', { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }, {}],
    [
      'being shut down, as the kubelet says it',
      {
        status: {
          conditions: [
            { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'node is shutting down' },
          ],
        },
      },
      { shuttingDown: true },
    ],
    [
      'ready after a shutdown that was called off',
      { status: { conditions: [{ type: 'Ready', status: 'True', message: 'node is shutting down' }] } },
      { ready: true },
    ],
    ['cordoned', { spec: { unschedulable: true } }, { unschedulable: true }],
    [
      'labels called like properties of objects',
      { metadata: { name: 'n', labels: { constructor: 'a', toString: 'b' } } },
      { labels: { constructor: 'a', toString: 'b' } },
    ],
  ])('%s', (_, value, expected) => {
    expect(parseNode(node('n', value))).toEqual({ record: { ...bare, ...expected }, problems: [] });
  });
});

test.each(['1.32', '1.36'])('Nodes as kubectl prints them, Kubernetes %s', (release) => {
  const parsed = testdataItems(`nodes-${release}.yaml`).map(parseNode);
  expect(parsed.flatMap(({ problems }) => problems)).toEqual([]);
  expect(parsed.slice(0, 2).map(({ record }) => record)).toEqual(
    [0, 1].map((i) => ({
      name: `k8-n${i + 1}`,
      uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      podCIDRs: [`10.244.${i}.0/24`, i === 0 ? 'fd00:244::/64' : `fd00:244:0:${i}::/64`],
      internalIPs: [`172.31.250.1${i + 1}`],
      annotatedAddresses: {},
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': `k8-n${i + 1}`,
        'kubernetes.io/os': 'linux',
      },
      ready: true,
      unschedulable: false,
    })),
  );
});

test('no JSON value makes the parser throw', () => {
  const shape = fc.record(
    {
      metadata: fc.oneof(
        fc.jsonValue(),
        fc.record({ name: fc.constant('n'), labels: fc.jsonValue(), annotations: fc.jsonValue() }),
      ),
      spec: fc.oneof(fc.jsonValue(), fc.record({ podCIDRs: fc.jsonValue(), podCIDR: fc.jsonValue() })),
      status: fc.oneof(
        fc.jsonValue(),
        fc.record({ addresses: fc.array(fc.jsonValue()), conditions: fc.jsonValue() }),
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), shape), (value) => {
      const { record, problems } = parseNode(value);
      if (record === undefined) expect(problems.map((p) => p.severity)).toContain('error');
    }),
  );
});

describe("Calico's annotations", () => {
  const node = (annotations: object): object => ({ metadata: { name: 'n', annotations } });
  const calicos = {
    'projectcalico.org/IPv4Address': '192.0.2.1/24',
    'projectcalico.org/IPv6Address': '2001:db8::1/64',
    'projectcalico.org/ASNumber': '1.10',
    'projectcalico.org/RouteReflectorClusterID': '244.0.0.1',
    'projectcalico.org/IPv4IPIPTunnelAddr': '192.168.1.1',
  };

  test('count only where they are asked for', () => {
    expect(parseNode(node(calicos))).toEqual(parseNode(node({})));
    expect(parseNodeBesideCalico(node(calicos))).toMatchObject({
      record: {
        annotatedAddresses: { ipv4: '192.0.2.1', ipv6: '2001:db8::1' },
        asNumber: 65_546,
        routeReflectorClusterID: '244.0.0.1',
      },
      problems: [],
    });
  });

  test('count each where ours is absent', () => {
    const mixed = { ...calicos, 'gryphon.dev/as-number': '65000', 'gryphon.dev/ipv4-address': '' };
    expect(parseNodeBesideCalico(node(mixed)).record).toMatchObject({
      annotatedAddresses: { ipv4: '192.0.2.1' },
      asNumber: 65_000,
    });
    const wrong = parseNodeBesideCalico(node({ ...calicos, 'gryphon.dev/as-number': 'x' }));
    expect(wrong.record).not.toHaveProperty('asNumber');
    expect(lines(wrong.problems)[0]).toContain(
      'Node n metadata.annotations.gryphon.dev/as-number: "x" is not',
    );
  });

  test('are checked like ours', () => {
    const { record, problems } = parseNodeBesideCalico(node({ 'projectcalico.org/ASNumber': 'AS1' }));
    expect(record).not.toHaveProperty('asNumber');
    expect(lines(problems)[0]).toContain(
      'Node n metadata.annotations.projectcalico.org/ASNumber: "AS1" is not',
    );
  });
});
