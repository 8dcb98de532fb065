import type { SourceView } from '../api/view.ts';
import type { ReflectorStatus } from '../kube/cluster/reflector-status.ts';

/** A resource of the API server as one source of facts: `kubernetes/nodes`. */
export function resourceView(source: string, status: ReflectorStatus): SourceView {
  const { name, synced, lastGood, failure, objects, lists, watchEnds } = status;
  return {
    name: `${source}/${name}`,
    synced,
    ...(lastGood !== undefined && { lastGood }),
    ...(failure !== undefined && {
      error: `since ${new Date(failure.since).toISOString()}: ${failure.error.message}`,
    }),
    follow: { objects, lists, watchEnds },
  };
}
