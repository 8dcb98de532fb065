import { expect, it } from 'vitest';
import { type ReadinessFacts, readinessChecks } from '../../src/agent/readiness.ts';
import type { PeerState, PeerStatus } from '../../src/bgp/status.ts';

const peer = (name: string, state: PeerState): PeerStatus => ({ name, state }) as PeerStatus;

const good: ReadinessFacts = {
  synced: true,
  waitingFor: [],
  applied: true,
  conflist: true,
  conflistReason: '',
  bgp: true,
  peers: [peer('mesh/b', 'established'), peer('mesh/c', 'established')],
  excused: new Set(),
  age: 0,
};

const failing = (more: Partial<ReadinessFacts>): string[] =>
  readinessChecks({ ...good, ...more }).flatMap((c) => (c.ok ? [] : [`${c.name}: ${c.detail}`]));

it.each<[string, Partial<ReadinessFacts>, string[]]>([
  ['everything is there', {}, []],
  [
    'a source was not read',
    { synced: false, waitingFor: ['manifests', 'kernel'] },
    ['synced: waiting for manifests, kernel'],
  ],
  ['nothing was applied', { applied: false }, ['applied: the first pass over the kernel is not done']],
  [
    'the conflist is missing',
    { conflist: false, conflistReason: 'Node a has no podCIDR' },
    ['conflist: Node a has no podCIDR'],
  ],
  [
    'a peer is down at the start',
    { peers: [...good.peers, peer('peer/tor', 'active')], age: 29_999 },
    ['bgp: 2 of 3 peers established, not peer/tor'],
  ],
  [
    'a peer that was established is down again at the start',
    { peers: [peer('mesh/b', 'established'), { ...peer('mesh/c', 'active'), establishedAt: 1 }] },
    [],
  ],
  [
    'the only peer was established and is down again at the start',
    { peers: [{ ...peer('mesh/b', 'active'), establishedAt: 1 }] },
    ['bgp: 0 of 1 peers established, not mesh/b'],
  ],
  ['a peer is down later', { peers: [...good.peers, peer('peer/tor', 'active')], age: 30_000 }, []],
  [
    'all peers are down later',
    { peers: ['b', 'c', 'd', 'e'].map((n) => peer(n, 'idle')), age: 60_000 },
    ['bgp: 0 of 4 peers established, not b, c, d and 1 more'],
  ],
  [
    'the peer that is down is a NotReady node',
    { peers: [peer('mesh/b', 'idle')], excused: new Set(['mesh/b']), age: 60_000 },
    [],
  ],
  ['the peer that is down is disabled', { peers: [peer('peer/x', 'disabled')], age: 60_000 }, []],
  ['there are no peers', { peers: [], age: 60_000 }, []],
  ['BGP is off', { bgp: false, peers: [peer('mesh/b', 'idle')], age: 60_000 }, []],
])('%s', (_, facts, expected) => {
  expect(failing(facts)).toEqual(expected);
});
