import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Snapshot } from '../records/snapshot.ts';

export interface ManifestSourceOptions {
  /** Path of the directory; it may not exist yet, it may be a symbolic link. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with every snapshot that differs from the one before, also before the first complete read (`synced` is false). */
  readonly onChange: (snapshot: Snapshot) => void;
}
