import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Judge } from '../records/evidence.ts';
import { AcceptanceWriter, type JudgedObjects } from './acceptance-writer.ts';
import type { KubeApi } from './kube-api.ts';
import { LeaseHolder } from './lease-holder.ts';

export interface AcceptanceDutyOptions {
  readonly api: KubeApi;
  /** The namespace of the agent, in which the Lease is. */
  readonly namespace: string;
  /** No other process has it, and no earlier one had. */
  readonly identity: string;
  readonly judge: Judge;
  readonly clock: Clock;
  readonly log: Log;
}

/** The Lease of the agent that tells for all whether objects are accepted. */
export const STATUS_LEASE = 'gryphon-status';

/** Takes part in choosing one agent of the cluster, and as long as it is this one, lets every object say whether it is accepted. */
export function acceptanceDuty(options: AcceptanceDutyOptions) {
  return async (objects: JudgedObjects, signal: AbortSignal): Promise<void> => {
    const lease = new LeaseHolder({ ...options, name: STATUS_LEASE });
    const writer = new AcceptanceWriter({ ...options, objects });
    await lease.run((held) => writer.run(held), signal);
  };
}
