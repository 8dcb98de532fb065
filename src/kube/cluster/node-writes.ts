import type { Problem } from '../../ports/problem.ts';
import { type NodeRecord, STARTUP_TAINT } from '../records/node.ts';
import type { KubeRequest } from './kube-api.ts';

/** What is to be said of this node. */
export interface NodeReport {
  /** Pods can be attached and reached. */
  readonly ready: boolean;
  readonly problems: readonly Problem[];
  /** The Node as the server has it; undefined: nobody knows. */
  readonly node: NodeRecord | undefined;
}

/** Something that the Node object lacks. */
export interface NodeWrite {
  readonly name: 'condition' | 'taint';
  readonly request: KubeRequest;
}

/** The manager of our fields in server-side apply. */
export const FIELD_MANAGER = 'gryphon';

/**
 * What has to be written so that the Node says what is true: once ready, that its network is available (never the opposite: pods go
 * on while an agent restarts), and that the taint with which it was registered is over. `now` is wall clock, milliseconds.
 */
export function nodeWrites({ ready, node }: NodeReport, now: number): readonly NodeWrite[] {
  if (!ready || node === undefined) return [];
  return [
    ...(node.networkUnavailable === false ? [] : [conditionWrite(node.name, now)]),
    ...(node.startupTaint === undefined ? [] : [taintWrite(node.name, node.startupTaint)]),
  ];
}

function conditionWrite(name: string, now: number): NodeWrite {
  const time = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  const condition = {
    type: 'NetworkUnavailable',
    status: 'False',
    reason: 'GryphonReady',
    message: 'Gryphon is running on this node',
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  };
  const value = { apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { conditions: [condition] } };
  // JSON is YAML; another manager's condition of this type (a cloud's route controller) is taken over.
  const path = `/api/v1/nodes/${name}/status?fieldManager=${FIELD_MANAGER}&force=true`;
  return {
    name: 'condition',
    request: { method: 'PATCH', path, body: { type: 'application/apply-patch+yaml', value } },
  };
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
