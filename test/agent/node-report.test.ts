import { expect, it } from 'vitest';
import { nodeReport } from '../../src/agent/node-report.ts';
import type { PeerState, PeerStatus } from '../../src/bgp/status.ts';
import { statusOf } from '../../src/kube/cluster/gryphon-node.ts';
import { gryphonNodeKind } from '../../src/kube/kinds/gryphon-node.ts';
import { inspect } from '../../src/kube/records/inspect.ts';
import { FakeView } from '../support/fake-view.ts';
import { node } from '../support/records.ts';

/** Every state there is, or this does not compile. */
const states: Readonly<Record<PeerState, true>> = {
  idle: true,
  connect: true,
  active: true,
  opensent: true,
  openconfirm: true,
  established: true,
  disabled: true,
};

const view = new FakeView();
const [mesh, router] = view.peerList as readonly [PeerStatus, PeerStatus];
const reportOf = (...peers: readonly PeerStatus[]) => {
  const { statusView } = view;
  const status = { ready: () => statusView.checks, problems: () => statusView.problems, peers: () => peers };
  return nodeReport(status, { version: '0.1.0', intent: undefined, node: node('a', [], []) });
};

it.each(Object.keys(states) as readonly PeerState[])('the API server knows the state %s', (state) => {
  const status = statusOf(reportOf({ ...router, state }));
  expect(inspect(gryphonNodeKind.status, status, 'GryphonNode a', ['status']).problems).toEqual([]);
  expect(status.peers?.[0]?.state).toBe(state);
});

it.each<[string, PeerStatus, { since: number; reason?: string }]>([
  ['up', { ...mesh, since: 1, establishedAt: 2 }, { since: 2 }],
  ['down', { ...router, lastDown: { at: 3, reason: 'x' } }, { since: 3, reason: 'connection refused' }],
  ['never up', without({ ...router, since: 4 }, 'lastDown'), { since: 4, reason: 'connection refused' }],
  [
    'down, and nobody knows why it does not come back',
    without({ ...router, lastDown: { at: 5, reason: 'hold timer expired' } }, 'lastError'),
    { since: 5, reason: 'hold timer expired' },
  ],
  [
    'kept down by what is wrong on our side',
    { ...router, problem: 'its password is not there', lastDown: { at: 6, reason: 'x' } },
    { since: 6, reason: 'its password is not there' },
  ],
])('a peer that is %s', (_, peer, expected) => {
  const [told] = reportOf(peer).peers;
  expect({ since: told?.since, ...(told?.reason !== undefined && { reason: told.reason }) }).toEqual(
    expected,
  );
});

function without(peer: PeerStatus, key: 'lastDown' | 'lastError'): PeerStatus {
  const { [key]: _, ...rest } = peer;
  return rest;
}

it('counts the prefixes of both families', () => {
  expect(reportOf(mesh).peers[0]?.prefixes).toEqual({ received: 2, accepted: 2, advertised: 2 });
});

it('says what the agent itself says', () => {
  const report = reportOf(mesh, router);
  expect(report).toMatchObject({ version: '0.1.0', ready: view.statusView.ready, addresses: [] });
  expect(report.problems).toBe(view.statusView.problems);
  expect(report).not.toHaveProperty('asNumber');
});
