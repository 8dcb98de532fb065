import type { Problem } from '../../ports/problem.ts';
import type { Snapshot, SnapshotMap } from './snapshot.ts';

/** What objects are judged by: only what every agent knows alike, so no version but the last one. */
export interface Evidence extends Pick<Snapshot, SnapshotMap> {
  /** Names of the Secrets of which it is known whether they exist; of others nothing is said. */
  readonly readSecrets: ReadonlySet<string>;
}

/** What is wrong between objects, by the object that is to be told, such as `BGPPeer tor-a`. The same for the same evidence. */
export type Judge = (evidence: Evidence) => ReadonlyMap<string, readonly Problem[]>;
