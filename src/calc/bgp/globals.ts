import type { ClusterNode } from '../cluster.ts';
import type { BgpFacts } from './facts.ts';

export const DEFAULT_AS_NUMBER = 64_512;
export const DEFAULT_PORT = 179;
/** Seconds. */
export const DEFAULT_HOLD_TIME = 30;
export const DEFAULT_KEEPALIVE_TIME = 10;

/** What holds for this node after `default` and `node.NAME` have been merged. */
export interface Globals {
  readonly localAS: number;
  /** Of nodes that nothing else is said of. */
  readonly defaultAS: number;
  readonly port: number;
  /** Listen on every address, not only on those of the node. */
  readonly listensEverywhere: boolean;
  /** Seconds. */
  readonly holdTime: number;
  readonly keepaliveTime: number;
  readonly mesh: boolean;
  readonly requiresPolicy: boolean;
  /** RFC 8326. */
  readonly gracefulShutdown: boolean;
}

export function mergeGlobals(facts: BgpFacts): Globals {
  const { self, configurations } = facts;
  const common = configurations.get('default');
  const own = configurations.get(`node.${self.name}`);
  const defaultAS = common?.asNumber ?? DEFAULT_AS_NUMBER;
  const holdTime = own?.holdTime ?? common?.holdTime ?? DEFAULT_HOLD_TIME;
  const drains = own?.gracefulShutdownWhenCordoned ?? common?.gracefulShutdownWhenCordoned ?? false;
  return {
    defaultAS,
    localAS: own?.asNumber ?? self.node?.asNumber ?? defaultAS,
    port: listenPort(facts, self.name),
    listensEverywhere: (own?.bindMode ?? common?.bindMode) === 'None',
    holdTime,
    keepaliveTime: own?.keepaliveTime ?? common?.keepaliveTime ?? defaultKeepalive(holdTime),
    mesh: common?.nodeToNodeMeshEnabled ?? true,
    requiresPolicy: own?.ebgpRequiresPolicy ?? common?.ebgpRequiresPolicy ?? false,
    gracefulShutdown: drains && self.node?.unschedulable === true,
  };
}

/** A third of the hold time (RFC 4271 §10), at most ours. */
export const defaultKeepalive = (holdTime: number): number =>
  Math.min(DEFAULT_KEEPALIVE_TIME, Math.max(1, Math.floor(holdTime / 3)));

/** The port on which a node listens. */
export const listenPort = ({ configurations, port }: BgpFacts, node: string): number =>
  configurations.get(`node.${node}`)?.listenPort ?? configurations.get('default')?.listenPort ?? port;

/** The AS that another node is in. */
export const asNumberOf = ({ configurations }: BgpFacts, { defaultAS }: Globals, node: ClusterNode): number =>
  configurations.get(`node.${node.record.name}`)?.asNumber ?? node.record.asNumber ?? defaultAS;
