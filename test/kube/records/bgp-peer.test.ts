import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bgpPeerKind } from '../../../src/kube/kinds/bgp-peer.ts';
import { parseBGPPeer } from '../../../src/kube/records/bgp-peer.ts';
import { lines, ours } from './objects.ts';

const good = { peerIP: '192.0.2.1', asNumber: 64_513 };
const parse = (spec: unknown) => parseBGPPeer(ours('BGPPeer', 'tor-a', spec));

const AS =
  'is not an AS number from 1 to 4294967295 or in asdot notation ("65001.5"); write the AS number that the operator of the network gave out';
const PEER =
  'is not the unicast address of a peer, with or without port; write it like 192.0.2.1, 192.0.2.1:1790, 2001:db8::1 or [2001:db8::1]:1790';
const HOLD =
  'is not a hold time: 0, or 3 to 65535 seconds; write at least 3, or 0 for a session without keepalives';
const KEEPALIVE =
  'is not a keepalive time: 1 to 65535 seconds; write a third of the hold time, or remove the field';

describe('bad peers are refused', () => {
  test.each<[string, unknown, ...string[]]>([
    [
      'spec is a list',
      [],
      'GRY_FIELD_INVALID spec: [] is not a map of fields; write such a value, or remove the field',
    ],
    ['no address', { asNumber: 1 }, 'GRY_FIELD_MISSING spec.peerIP: the field is missing; add it'],
    ['no AS', { peerIP: '192.0.2.1' }, 'GRY_FIELD_MISSING spec.asNumber: the field is missing; add it'],
    ['null AS', { ...good, asNumber: null }, 'GRY_FIELD_MISSING spec.asNumber: the field is missing; add it'],
    ['AS 0', { ...good, asNumber: 0 }, `GRY_FIELD_INVALID spec.asNumber: 0 ${AS}`],
    [
      'AS beyond 32 bits',
      { ...good, asNumber: 2 ** 32 },
      `GRY_FIELD_INVALID spec.asNumber: 4294967296 ${AS}`,
    ],
    ['asdot low part', { ...good, asNumber: '1.65536' }, `GRY_FIELD_INVALID spec.asNumber: "1.65536" ${AS}`],
    ['asdot high part', { ...good, asNumber: '65536.1' }, `GRY_FIELD_INVALID spec.asNumber: "65536.1" ${AS}`],
    ['asdot zero', { ...good, asNumber: '0.0' }, `GRY_FIELD_INVALID spec.asNumber: "0.0" ${AS}`],
    ['AS as words', { ...good, asNumber: 'AS64512' }, `GRY_FIELD_INVALID spec.asNumber: "AS64512" ${AS}`],
    [
      'AS as a fraction',
      { ...good, asNumber: 1.5 },
      'GRY_FIELD_INVALID spec.asNumber: 1.5 is not a whole number or a text; write such a value, or remove the field',
    ],
    ['address', { ...good, peerIP: 'tor-a' }, `GRY_FIELD_INVALID spec.peerIP: "tor-a" ${PEER}`],
    [
      'unspecified address',
      { ...good, peerIP: '0.0.0.0' },
      `GRY_FIELD_INVALID spec.peerIP: "0.0.0.0" ${PEER}`,
    ],
    ['multicast address', { ...good, peerIP: 'ff02::1' }, `GRY_FIELD_INVALID spec.peerIP: "ff02::1" ${PEER}`],
    [
      'address with zone',
      { ...good, peerIP: 'fe80::1%eth0' },
      `GRY_FIELD_INVALID spec.peerIP: "fe80::1%eth0" ${PEER}`,
    ],
    ['port 0', { ...good, peerIP: '192.0.2.1:0' }, `GRY_FIELD_INVALID spec.peerIP: "192.0.2.1:0" ${PEER}`],
    [
      'port',
      { ...good, peerIP: '192.0.2.1:65536' },
      `GRY_FIELD_INVALID spec.peerIP: "192.0.2.1:65536" ${PEER}`,
    ],
    [
      'bracketed IPv4',
      { ...good, peerIP: '[192.0.2.1]:179' },
      `GRY_FIELD_INVALID spec.peerIP: "[192.0.2.1]:179" ${PEER}`,
    ],
    [
      'no port',
      { ...good, peerIP: '[2001:db8::1]' },
      `GRY_FIELD_INVALID spec.peerIP: "[2001:db8::1]" ${PEER}`,
    ],
    ['hold time 1', { ...good, holdTime: 1 }, `GRY_FIELD_INVALID spec.holdTime: 1 ${HOLD}`],
    ['hold time 2s', { ...good, holdTime: '2s' }, `GRY_FIELD_INVALID spec.holdTime: "2s" ${HOLD}`],
    ['hold time', { ...good, holdTime: 65_536 }, `GRY_FIELD_INVALID spec.holdTime: 65536 ${HOLD}`],
    ['hold time below zero', { ...good, holdTime: -3 }, `GRY_FIELD_INVALID spec.holdTime: -3 ${HOLD}`],
    ['fraction', { ...good, holdTime: '3.5s' }, `GRY_FIELD_INVALID spec.holdTime: "3.5s" ${HOLD}`],
    ['keepalive 0', { ...good, keepaliveTime: 0 }, `GRY_FIELD_INVALID spec.keepaliveTime: 0 ${KEEPALIVE}`],
    ['keepalive', { ...good, keepaliveTime: 'x' }, `GRY_FIELD_INVALID spec.keepaliveTime: "x" ${KEEPALIVE}`],
    [
      'node',
      { ...good, node: 'Node 1' },
      'GRY_FIELD_INVALID spec.node: "Node 1" is not the name of a Node; write it as kubectl get nodes shows it',
    ],
    [
      'selector',
      { ...good, nodeSelector: 'rack =' },
      `GRY_FIELD_INVALID spec.nodeSelector: "rack =" is not a selector: unexpected "=" at character 6 of "rack ="; write it like rack == 'a' && !has(gpu)`,
    ],
    [
      'node and nodeSelector',
      { ...good, node: 'n', nodeSelector: 'all()' },
      'GRY_FIELDS_EXCLUSIVE spec.nodeSelector: nodeSelector and node exclude each other and both are set; remove one of node and nodeSelector',
    ],
    [
      'passive',
      { ...good, passive: 'yes' },
      'GRY_FIELD_INVALID spec.passive: "yes" is not true or false; write it without quotes and within these values',
    ],
    [
      'sourceAddress',
      { ...good, sourceAddress: 'NodeIP' },
      'GRY_FIELD_INVALID spec.sourceAddress: "NodeIP" is not one of UseNodeIP, None; write such a value, or remove the field',
    ],
    [
      'peerIP and peerSelector',
      { ...good, peerSelector: 'all()' },
      'GRY_FIELDS_EXCLUSIVE spec.peerIP: peerIP and peerSelector exclude each other and both are set; remove one of peerSelector and peerIP',
      'GRY_FIELDS_EXCLUSIVE spec.asNumber: asNumber and peerSelector exclude each other and both are set; remove one of peerSelector and asNumber',
    ],
    [
      'nextHopMode and its deprecated alias',
      { ...good, nextHopMode: 'Self', keepOriginalNextHop: true },
      'GRY_FIELDS_EXCLUSIVE spec.keepOriginalNextHop: keepOriginalNextHop and nextHopMode exclude each other and both are set; remove one of nextHopMode and keepOriginalNextHop',
    ],
    [
      'a gateway of the other family',
      { ...good, reachableBy: '2001:db8::1' },
      'GRY_FIELDS_CONTRADICT spec.reachableBy: 2001:db8::1 and the peer 192.0.2.1 are of different families; write an IPv4 gateway',
    ],
    [
      'the peer as its own gateway',
      { ...good, reachableBy: '192.0.2.1' },
      'GRY_FIELDS_CONTRADICT spec.reachableBy: 192.0.2.1 is the peer itself; remove it',
    ],
    [
      'a password of two sources',
      { ...good, password: { secretKeyRef: { name: 'a', key: 'b' }, file: '/p' } },
      'GRY_FIELDS_EXCLUSIVE spec.password: secretKeyRef and file exclude each other and both are set; name either a key of a Secret or a file',
    ],
    [
      'a password of no source',
      { ...good, password: {} },
      'GRY_FIELDS_EXCLUSIVE spec.password: neither secretKeyRef nor file is set; name either a key of a Secret or a file',
    ],
    ...['password', '/etc/../shadow', '/etc//shadow', '/etc/', '/etc/a\nb'].map(
      (file): [string, unknown, string] => [
        `password file ${JSON.stringify(file)}`,
        { ...good, password: { file } },
        `GRY_FIELD_INVALID spec.password.file: ${JSON.stringify(file)} is not the absolute path of a file; write it like /etc/gryphon/bgp-password`,
      ],
    ),
    [
      'restart time',
      { ...good, maxRestartTime: '4096s' },
      'GRY_FIELD_INVALID spec.maxRestartTime: "4096s" is not a restart time: 0 to 4095 seconds; write 120s, or remove the field',
    ],
    [
      'stale time',
      { ...good, longLivedStaleTime: '169h' },
      'GRY_FIELD_INVALID spec.longLivedStaleTime: "169h" is not a stale time: 0 to 604800 seconds; write 1h, or remove the field',
    ],
    [
      'pods as peers',
      { ...good, localWorkloadSelector: 'all()' },
      'GRY_UNSUPPORTED_FIELD spec.localWorkloadSelector: the field is not carried out, and without it the object would mean something else; write a BGPPeer with peerIP or peerSelector',
    ],
    [
      'role',
      { ...good, role: 'customer' },
      'GRY_FIELD_INVALID spec.role: "customer" is not one of Provider, Customer, Peer, RouteServer, RouteServerClient; write such a value, or remove the field',
    ],
    [
      'a long description',
      { ...good, description: 'x'.repeat(257) },
      `GRY_FIELD_INVALID spec.description: "${'x'.repeat(59)}… is not a text of at most 256 characters; write such a value, or remove the field`,
    ],
  ])('%s', (_, spec, ...expected) => {
    const { record, problems } = parse(spec);
    expect(record).toBeUndefined();
    expect(lines(problems)).toEqual(expected.map((line) => `error ${line.replace(' ', ' BGPPeer tor-a ')}`));
  });

  test('every mistake is told, not only the first', () => {
    const { problems } = parse({ peerIP: 'x', asNumber: 0, holdTime: 2 });
    expect(problems.map((p) => p.path.join('.'))).toEqual(['spec.peerIP', 'spec.asNumber', 'spec.holdTime']);
  });
});

describe('fields without effect are told and the peer is used', () => {
  const none = 'the field is not carried out yet, the object is used without it';
  const unknown = 'there is no such field, it has no effect';
  test.each([
    [
      { password: { secretKeyRef: { name: 'a', key: 'b', optional: true } } },
      ['spec.password.secretKeyRef.optional'],
      `warning GRY_UNSUPPORTED_FIELD BGPPeer tor-a spec.password.secretKeyRef.optional: ${none}; remove it: a session never runs without its password`,
    ],
    [
      { nodeSelecter: 'all()' },
      [],
      `warning GRY_UNKNOWN_FIELD BGPPeer tor-a spec.nodeSelecter: ${unknown}; write nodeSelector, or remove it`,
    ],
    [{ bfd: true }, [], `warning GRY_UNKNOWN_FIELD BGPPeer tor-a spec.bfd: ${unknown}; remove it`],
    [
      { constructor: 1 },
      [],
      `warning GRY_UNKNOWN_FIELD BGPPeer tor-a spec.constructor: ${unknown}; remove it`,
    ],
  ])('%j', (fields, unsupported, problem) => {
    const { record, problems } = parse({ ...good, ...fields });
    expect(record).toMatchObject({ name: 'tor-a', unsupported });
    expect(lines(problems)).toEqual([problem]);
  });

  test('a field beside spec', () => {
    const { record, problems } = parseBGPPeer({ ...ours('BGPPeer', 'tor-a', good), specs: {} });
    expect(record).toBeDefined();
    expect(lines(problems)).toEqual([
      `warning GRY_UNKNOWN_FIELD BGPPeer tor-a specs: ${unknown}; write spec, or remove it`,
    ]);
  });

  test("Calico's defaults are no news", () => {
    const defaults = {
      nextHopMode: 'Auto',
      keepOriginalNextHop: false,
      filters: [],
      reversePeering: 'Auto',
      ttlSecurity: 0,
      reachableBy: '',
      password: null,
    };
    expect(parse({ ...good, ...defaults })).toEqual({ record: parse(good).record, problems: [] });
  });
});

describe('good peers', () => {
  const bare = {
    name: 'tor-a',
    peerIP: '192.0.2.1',
    asNumber: 64_513,
    passive: false,
    enabled: true,
    sourceAddress: 'UseNodeIP',
    keepOriginalNextHop: false,
    filters: [],
    reversePeering: 'Auto',
    unsupported: [],
  };
  test.each([
    [{}, {}],
    [{ peerIP: '192.0.2.1:1790' }, { port: 1790 }],
    [{ peerIP: '2001:DB8::1' }, { peerIP: '2001:db8::1' }],
    [{ peerIP: '[2001:db8::1]:1790' }, { peerIP: '2001:db8::1', port: 1790 }],
    [{ asNumber: '64513' }, {}],
    [{ asNumber: '65001.5' }, { asNumber: 4_259_905_541 }],
    [{ asNumber: 4_294_967_295 }, { asNumber: 4_294_967_295 }],
    [{ node: 'worker-1' }, { node: 'worker-1' }],
    [{ nodeSelector: "rack == 'a'" }, { nodeSelector: "rack == 'a'" }],
    [{ holdTime: 0 }, { holdTime: 0 }],
    [
      { holdTime: 3, keepaliveTime: '1s' },
      { holdTime: 3, keepaliveTime: 1 },
    ],
    [
      { holdTime: '1m30s', keepaliveTime: 30 },
      { holdTime: 90, keepaliveTime: 30 },
    ],
    [{ holdTime: '180' }, { holdTime: 180 }],
    [
      { passive: true, enabled: false },
      { passive: true, enabled: false },
    ],
    [{ description: 'top of rack' }, { description: 'top of rack' }],
    [{ sourceAddress: 'None' }, { sourceAddress: 'None' }],
    [{ localASNumber: '65001.5' }, { localASNumber: 4_259_905_541 }],
    [
      { password: { secretKeyRef: { name: 'bgp', key: 'tor', optional: false } } },
      { password: { kind: 'secret', name: 'bgp', key: 'tor' } },
    ],
    [
      { password: { file: '/etc/gryphon/tor.password' } },
      { password: { kind: 'file', path: '/etc/gryphon/tor.password' } },
    ],
    [{ nextHopMode: 'Self' }, { nextHopMode: 'Self' }],
    [{ keepOriginalNextHop: true }, { keepOriginalNextHop: true }],
    [{ ttlSecurity: 1 }, { ttlSecurity: 1 }],
    [{ ttlSecurity: 255 }, {}],
    [{ maxRestartTime: '2m' }, { maxRestartTime: 120 }],
    [{ maxRestartTime: 0 }, { maxRestartTime: 0 }],
    [{ longLivedStaleTime: '168h' }, { longLivedStaleTime: 604_800 }],
    [{ longLivedStaleTime: 0 }, { longLivedStaleTime: 0 }],
    [{ numAllowedLocalASNumbers: 2 }, { numAllowedLocalASNumbers: 2 }],
    [{ filters: ['a', 'b'] }, { filters: ['a', 'b'] }],
    [{ reachableBy: '192.0.2.254' }, { reachableBy: '192.0.2.254' }],
    [{ reversePeering: 'Manual' }, { reversePeering: 'Manual' }],
    [
      { maxPrefixes: 1000, maxPrefixesRestartTime: '5m' },
      { maxPrefixes: 1000, maxPrefixesRestartTime: 300 },
    ],
    [
      { addPath: 'Receive', role: 'Customer' },
      { addPath: 'Receive', role: 'Customer' },
    ],
  ])('%j', (fields, expected) => {
    expect(parse({ ...good, ...fields })).toEqual({ record: { ...bare, ...expected }, problems: [] });
  });
});

test('peers that are nodes have neither address nor AS', () => {
  const { record, problems } = parse({ nodeSelector: '!has(reflector)', peerSelector: 'has(reflector)' });
  expect(problems).toEqual([]);
  expect(record).toMatchObject({ nodeSelector: '!has(reflector)', peerSelector: 'has(reflector)' });
  expect(record).not.toHaveProperty('peerIP');
  expect(record).not.toHaveProperty('asNumber');
});

test('no JSON value in any field makes the parser throw, and only whole objects come out', () => {
  const fields = Object.keys(bgpPeerKind.spec.properties);
  const specs = fc.dictionary(fc.constantFrom(...fields, 'other'), fc.oneof(fc.jsonValue(), fc.string()));
  fc.assert(
    fc.property(specs, (spec) => {
      const { record, problems } = parse({ ...good, ...spec });
      expect(record === undefined).toBe(problems.some((p) => p.severity === 'error'));
      for (const problem of problems) expect(problem.remedy).not.toBe('');
    }),
  );
});
