import type { Problem } from '../../ports/problem.ts';
import { timeText } from './apply.ts';
import type { KubeRequest } from './kube-api.ts';

/** Milliseconds that a problem must last before it is an event. */
const PATIENCE = 30_000;
/** Problems that are remembered. */
const MOST = 100;
/** Characters that the API takes as an event's message. */
const LONGEST_MESSAGE = 1024;

interface Entry {
  readonly problem: Problem;
  /** Monotonic, milliseconds. */
  readonly since: number;
  isTold: boolean;
}

/** Which problems are worth an event on the Node: errors that last, each once until it is gone. No I/O. */
export class EventBook {
  readonly #entries = new Map<string, Entry>();

  /** These are the problems of now (monotonic, milliseconds). */
  take(problems: readonly Problem[], now: number): void {
    const errors = new Map(problems.filter((p) => p.severity === 'error').map((p) => [keyOf(p), p]));
    for (const key of this.#entries.keys()) if (!errors.has(key)) this.#entries.delete(key);
    for (const [key, problem] of errors) {
      const since = this.#entries.get(key);
      if (since === undefined && this.#entries.size < MOST)
        this.#entries.set(key, { problem, since: now, isTold: false });
    }
  }

  /** One that is due. */
  next(now: number): Problem | undefined {
    return [...this.#entries.values()].find((e) => !e.isTold && now - e.since >= PATIENCE)?.problem;
  }

  told(problem: Problem): void {
    const entry = this.#entries.get(keyOf(problem));
    if (entry !== undefined) entry.isTold = true;
  }
}

const keyOf = ({ code, subject }: Problem): string => `${code} ${subject}`;

/** The event that tells of a problem; `now` is wall clock, milliseconds. Events of Nodes stand in the namespace `default`. */
export function eventRequest(nodeName: string, problem: Problem, now: number): KubeRequest {
  const { code, subject, message, remedy } = problem;
  const time = timeText(now);
  const value = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: `${nodeName}.gryphon-`, namespace: 'default' },
    // The kubelet's events have the name of the Node as its uid, and "kubectl describe node" looks for that.
    involvedObject: { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeName },
    type: 'Warning',
    reason: reasonOf(code),
    message: `${subject}: ${message}; ${remedy}`.slice(0, LONGEST_MESSAGE),
    source: { component: 'gryphon', host: nodeName },
    reportingComponent: 'gryphon.dev/agent',
    reportingInstance: nodeName,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
  return {
    method: 'POST',
    path: '/api/v1/namespaces/default/events',
    body: { type: 'application/json', value },
  };
}

/** `GRY_POD_CIDR_MISSING`: `PodCidrMissing`, as reasons of events and conditions are written. */
export const reasonOf = (code: string): string =>
  code
    .replace(/^GRY_/, '')
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
