import { expect, test } from 'vitest';
import { exportPeer } from '../../src/bgp/export-peer.ts';
import { localOpen } from '../../src/bgp/fsm/open.ts';
import { initialState, type Negotiated } from '../../src/bgp/fsm/state.ts';
import type { Capability } from '../../src/bgp/wire/capability.ts';
import { negotiate } from '../../src/bgp/wire/negotiate.ts';
import { meshPeer } from '../support/bgp-cluster.ts';
import { config, peerOpen, restarted } from './fsm/script.ts';

const longLived: Capability = { kind: 'long-lived-graceful-restart', families: [] };

test.each([
  ['both capabilities', [restarted(false), longLived], true],
  // RFC 9494 §4.5: then it is ignored.
  ['that of RFC 9494 alone', [longLived], false],
  ['that of RFC 4724 alone', [restarted(false)], false],
])('a peer with %s knows long-lived stale routes or not', (_, capabilities, knows) => {
  const local = localOpen(initialState(config, 1));
  const remote = { ...peerOpen, capabilities: [...peerOpen.capabilities, ...capabilities] };
  const negotiated: Negotiated = {
    local,
    remote,
    context: negotiate(local, remote),
    restart: undefined,
    holdTime: 30,
    keepaliveTime: 10,
  };
  expect(exportPeer(meshPeer(1, 2), negotiated).longLived).toBe(knows);
});
