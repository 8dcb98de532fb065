import type { KubeRequest } from './kube-api.ts';

/** The manager of our fields in server-side apply. */
export const FIELD_MANAGER = 'gryphon';

/** Server-side apply: of the object, exactly the fields of `value` are ours from now on, also those that were another manager's. */
export function applyRequest(path: string, value: object): KubeRequest {
  return {
    method: 'PATCH',
    path: `${path}?fieldManager=${FIELD_MANAGER}&force=true`,
    // JSON is YAML.
    body: { type: 'application/apply-patch+yaml', value },
  };
}

/** A wall clock in milliseconds as the API writes times: in whole seconds. */
export const timeText = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
