import { type FSWatcher, watch } from 'node:fs';
import type { Fingerprint } from './directory.ts';

/** The kernel's notifications about one directory, re-established whenever another directory stands at its path. */
export class DirectoryWatch {
  readonly #directory: string;
  readonly #onEvent: () => void;
  #watcher: FSWatcher | undefined;
  #identity: Fingerprint | undefined;

  constructor(directory: string, onEvent: () => void) {
    this.#directory = directory;
    this.#onEvent = onEvent;
  }

  /** Whether changes are notified. False also where the kernel has no watch left for us (`fs.inotify.max_user_watches`). */
  get active(): boolean {
    return this.#watcher !== undefined;
  }

  /** Watches the directory of this identity; undefined: there is none now. */
  follow(identity: Fingerprint | undefined): void {
    if (identity === this.#identity && (identity === undefined || this.active)) return;
    this.close();
    this.#identity = identity;
    if (identity === undefined) return;
    try {
      this.#watcher = watch(this.#directory, this.#onEvent);
      this.#watcher.on('error', () => this.close());
    } catch {
      // Vanished meanwhile, or no watch left: the poll sees the changes.
      this.#watcher = undefined;
    }
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
