import { join } from 'node:path';
import { PodNetwork, type PodNetworkOptions } from '../cni/pod-network.ts';
import { Ipam } from '../ipam/ipam.ts';
import { Conntrack } from '../netlink/conntrack.ts';

export interface PodsOptions extends Omit<PodNetworkOptions, 'ipam' | 'openFlowTable'> {
  /** `/var/lib/gryphon`; the IPAM journal is there. */
  readonly stateDir: string;
  readonly bootID: string;
}

/** The pod network with the addresses that it gives out. */
export interface Pods {
  readonly network: PodNetwork;
  /** Finishes what is in flight; from then on callers are told to come again. */
  stop(): Promise<void>;
}

/** @throws IpamError, CniServerError: the journal or the socket cannot be used; trying again later is safe */
export async function startPods(options: PodsOptions, signal: AbortSignal): Promise<Pods> {
  const { stateDir, bootID, clock, log } = options;
  const path = join(stateDir, 'ipam.journal');
  const ipam = Ipam.open({ path, bootID, clock, log: log.component('ipam') });
  const network = new PodNetwork({ ...options, ipam, openFlowTable: () => Conntrack.open() });
  try {
    await network.start(signal);
  } catch (error) {
    await ipam.close();
    throw error;
  }
  const stop = async (): Promise<void> => {
    await network.stop();
    await ipam.close();
  };
  return { network, stop };
}
