import { STARTUP_TAINT } from '../records/node.ts';
import { applyRequest, FIELD_MANAGER, timeText } from './apply.ts';
import type { KubeRequest } from './kube-api.ts';
import type { NodeReport } from './node-report.ts';

/** Something that the Node object lacks. */
export interface NodeWrite {
  readonly name: 'condition' | 'taint';
  readonly request: KubeRequest;
}

/**
 * What has to be written so that the Node says what is true: once ready, that its network is available (never the opposite: pods go
 * on while an agent restarts), and that the taint with which it was registered is over. `now` is wall clock, milliseconds.
 */
export function nodeWrites(
  { ready, node }: Pick<NodeReport, 'ready' | 'node'>,
  now: number,
): readonly NodeWrite[] {
  if (!ready || node === undefined) return [];
  return [
    ...(node.networkUnavailable === false ? [] : [conditionWrite(node.name, now)]),
    ...(node.startupTaint === undefined ? [] : [taintWrite(node.name, node.startupTaint)]),
  ];
}

function conditionWrite(name: string, now: number): NodeWrite {
  const time = timeText(now);
  const condition = {
    type: 'NetworkUnavailable',
    status: 'False',
    reason: 'GryphonReady',
    message: 'Gryphon is running on this node',
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  };
  const value = { apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { conditions: [condition] } };
  // Another manager's condition of this type (a cloud's route controller) is taken over.
  return { name: 'condition', request: applyRequest(`/api/v1/nodes/${name}/status`, value) };
}

/** Taints are one atomic list for server-side apply, so this one is taken out by its place, if it is still there. */
function taintWrite(name: string, index: number): NodeWrite {
  const path = `/spec/taints/${index}`;
  const value = [
    { op: 'test', path: `${path}/key`, value: STARTUP_TAINT },
    { op: 'remove', path },
  ];
  return {
    name: 'taint',
    request: {
      method: 'PATCH',
      path: `/api/v1/nodes/${name}?fieldManager=${FIELD_MANAGER}`,
      body: { type: 'application/json-patch+json', value },
    },
  };
}
