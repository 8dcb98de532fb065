import type { Problem } from '../../ports/problem.ts';
import type { NodeRecord } from '../records/node.ts';

/** What is to be said of this node. */
export interface NodeReport {
  /** Pods can be attached and reached. */
  readonly ready: boolean;
  readonly problems: readonly Problem[];
  /** The Node as the server has it; undefined: nobody knows. */
  readonly node: NodeRecord | undefined;
  /** Of the agent. */
  readonly version: string;
  /** Those of the node that the agent uses. */
  readonly addresses: readonly string[];
  /** Absent: the node does not speak BGP, or cannot yet. */
  readonly asNumber?: number;
  readonly peers: readonly PeerReport[];
}

/** What is to be said of one BGP peer. */
export interface PeerReport {
  readonly name: string;
  readonly address: string;
  readonly asNumber: number;
  /** As in `gryphon peers`. */
  readonly state: string;
  /** Wall clock, milliseconds: since when it is established, or is not. */
  readonly since: number;
  /** Why it is not established, where that is known. */
  readonly reason?: string;
  /** Of both families. */
  readonly prefixes: PeerPrefixes;
}

export interface PeerPrefixes {
  readonly received: number;
  readonly accepted: number;
  readonly advertised: number;
}

/** Who wants to know of this node, and what stands in the way of passing it on. */
export interface NodeReporter {
  /** What is true now. Cheap; the same again changes nothing. */
  set(report: NodeReport): void;
  problems(): readonly Problem[];
}
