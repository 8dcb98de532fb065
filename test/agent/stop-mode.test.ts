import { expect, it } from 'vitest';
import { stopMode } from '../../src/agent/stop-mode.ts';
import { byName, node } from '../support/records.ts';

const here = node('node-a', ['10.0.1.0/24'], ['192.0.2.1']);
const other = node('node-b', ['10.0.2.0/24'], ['192.0.2.2']);
const goes = { ...here, shuttingDown: true } as const;
const known = { complete: true, cleanup: false };

it.each([
  ['its Node is there', { ...known, nodes: [here, other] }, 'restart'],
  ['the kubelet shuts it down', { ...known, nodes: [goes, other] }, 'node node-a is shutting down'],
  ['its Node was deleted', { ...known, nodes: [other] }, 'node node-a has no Node object any more'],
  ['there is no Node at all, which cannot be', { ...known, nodes: [] }, 'restart'],
  [
    'nothing was read, so nobody knows whether it has a Node',
    { ...known, complete: false, nodes: [] },
    'restart',
  ],
  [
    'a part of the source that may hold its Node was never understood',
    { ...known, complete: false, nodes: [other] },
    'restart',
  ],
  [
    'it is cleaned up, whatever its Node says',
    { ...known, cleanup: true, nodes: [goes] },
    'node node-a is cleaned up',
  ],
])('%s', (_, { nodes, complete, cleanup }, expected) => {
  const mode = stopMode('node-a', { nodes: byName(...nodes), complete }, cleanup);
  expect(mode).toEqual(
    expected === 'restart' ? { mode: 'restart' } : { mode: 'shutdown', text: expected, grace: 2_000 },
  );
});
