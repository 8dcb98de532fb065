import { join } from 'node:path';
import { equal } from '../../net/equal.ts';
import type { Clock, Timer } from '../../ports/clock.ts';
import { describeError } from '../../ports/error.ts';
import type { Log } from '../../ports/log.ts';
import type { Problem } from '../../ports/problem.ts';
import { ProblemLog } from '../problem-log.ts';
import type { SecretInterest } from '../records/secret.ts';
import { emptySnapshot, type Snapshot } from '../records/snapshot.ts';
import { type Fingerprint, identifyDirectory, limits, listManifests, readManifest } from './directory.ts';
import { brokenManifest, parseManifest } from './manifest.ts';
import { ManifestStore } from './store.ts';
import { DirectoryWatch } from './watch.ts';

export interface ManifestSourceOptions {
  /** Path of the directory; it may not exist yet, it may be a symbolic link. */
  readonly directory: string;
  /** The namespace of the agent, in which its Secrets are. */
  readonly namespace: string;
  /** Objects of Calico's kinds are read too. */
  readonly calicoKinds?: boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with every snapshot that differs from the one before, also before the first complete read (`synced` is false). */
  readonly onChange: (snapshot: Snapshot) => void;
}

/** Milliseconds. Two looks at a file this far apart must agree before its change counts. */
const SETTLE = 100;
/** Milliseconds between looks while the kernel notifies us of changes: belt and braces. */
const SLOW_POLL = 5000;
/** Milliseconds between looks where it does not: no directory, no inotify, or a link that may be turned elsewhere. */
const FAST_POLL = 500;

/** A look at a file that differs from what is in force. Without fingerprint: the file is gone. */
interface Sighting {
  readonly fingerprint: Fingerprint | undefined;
  /** Monotonic time of the first such look. */
  readonly since: number;
}

/** A directory of manifests as the source of all objects; see README.md for what counts as a change. */
export class ManifestSource {
  readonly #options: ManifestSourceOptions;
  readonly #store = new ManifestStore();
  readonly #watch: DirectoryWatch;
  readonly #problemLog: ProblemLog;
  readonly #firstRead = Promise.withResolvers<void>();
  /** Fingerprints of the file versions in force. */
  readonly #accepted = new Map<string, Fingerprint>();
  readonly #sightings = new Map<string, Sighting>();
  #interest: SecretInterest;
  #snapshot = emptySnapshot;
  #synced = false;
  #lastRead: number | undefined;
  #stopped = false;
  #scanning = false;
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(options: ManifestSourceOptions) {
    this.#options = options;
    this.#problemLog = new ProblemLog(options.log, 'problem in the manifests');
    this.#interest = { namespace: options.namespace, keys: new Map() };
    this.#watch = new DirectoryWatch(options.directory, () => this.#wakeWithin(SETTLE));
  }

  /** Wall clock of the last look at the directory that succeeded. */
  get lastRead(): number | undefined {
    return this.#lastRead;
  }

  /** The directory has been read completely at least once. */
  get synced(): boolean {
    return this.#synced;
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /**
   * Reads and watches the directory until `signal` is aborted. Resolves after the first complete read, however long the
   * directory is missing; rejects with the signal's reason when it is aborted before.
   */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => this.#stop(signal.reason), { once: true });
    this.#wakeWithin(0);
    await this.#firstRead.promise;
  }

  #stop(reason: unknown): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#watch.close();
    this.#firstRead.reject(reason);
  }

  /** Looks at the directory in at most `ms` milliseconds. */
  #wakeWithin(ms: number): void {
    const { clock } = this.#options;
    const at = clock.monotonic() + ms;
    if (this.#stopped || at >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = clock.setTimer(ms, () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      void this.#look();
    });
  }

  /** One look at a time; never rejects. */
  async #look(): Promise<void> {
    if (this.#scanning) {
      this.#wakeWithin(SETTLE);
      return;
    }
    this.#scanning = true;
    try {
      this.#wakeWithin(await this.#scan());
    } catch (error) {
      this.#options.log.error('reading manifests failed', { directory: this.#options.directory, error });
      this.#wakeWithin(SLOW_POLL);
    }
    this.#scanning = false;
  }

  /** Compares the directory with what is in force; answers when to look again, milliseconds. */
  async #scan(): Promise<number> {
    const { directory } = this.#options;
    let listing: ReadonlyMap<string, Fingerprint>;
    let poll = FAST_POLL;
    try {
      const { identity, isLink } = await identifyDirectory(directory);
      if (this.#stopped) return poll;
      // Before listing, so that nothing that changes from here on is missed.
      this.#watch.follow(identity);
      if (this.#watch.active && !isLink) poll = SLOW_POLL;
      listing = await listManifests(directory);
    } catch (error) {
      this.#watch.follow(undefined);
      this.#publish([this.#unreadable(error)]);
      return FAST_POLL;
    }
    this.#lastRead = this.#options.clock.now();
    const files = new Map([...listing].slice(0, limits.files));
    const pending = (await this.#acceptSettled(files)) + (await this.#rereadSecrets(files));
    if (pending === 0 && !this.#synced && !this.#stopped) {
      this.#synced = true;
      this.#firstRead.resolve();
    }
    if (this.#synced) this.#publish(listing.size > files.size ? [this.#tooMany(listing.size)] : []);
    return pending > 0 ? SETTLE : poll;
  }

  /** Brings into force what has not changed for long enough; answers how many files are still settling. */
  async #acceptSettled(files: ReadonlyMap<string, Fingerprint>): Promise<number> {
    let pending = 0;
    const names = new Set([...this.#accepted.keys(), ...files.keys()]);
    for (const name of this.#sightings.keys()) if (!names.has(name)) this.#sightings.delete(name);
    for (const name of names) {
      const fingerprint = files.get(name);
      if (fingerprint === this.#accepted.get(name)) this.#sightings.delete(name);
      else if (!this.#isSettled(name, fingerprint) || !(await this.#accept(name, fingerprint))) pending++;
    }
    return pending;
  }

  /**
   * Of Secrets only what is referred to is kept. When something else is referred to than before, their files are read once more,
   * before anybody is told of the reference; answers how many have changed meanwhile.
   */
  async #rereadSecrets(files: ReadonlyMap<string, Fingerprint>): Promise<number> {
    const keys = this.#store.secretReferences();
    if (equal(keys, this.#interest.keys)) return 0;
    this.#interest = { ...this.#interest, keys };
    let pending = 0;
    for (const name of this.#store.filesWithSecrets()) {
      const fingerprint = files.get(name);
      // A file that is not what was accepted is on its way in anyway.
      if (fingerprint === undefined || fingerprint !== this.#accepted.get(name)) continue;
      if (!(await this.#accept(name, fingerprint))) pending++;
    }
    return pending;
  }

  #isSettled(name: string, fingerprint: Fingerprint | undefined): boolean {
    const now = this.#options.clock.monotonic();
    const sighting = this.#sightings.get(name);
    if (sighting !== undefined && sighting.fingerprint === fingerprint) return now - sighting.since >= SETTLE;
    this.#sightings.set(name, { fingerprint, since: now });
    return false;
  }

  /** False: the file changed while it was read. */
  async #accept(name: string, fingerprint: Fingerprint | undefined): Promise<boolean> {
    const { directory, log, calicoKinds } = this.#options;
    if (fingerprint === undefined) {
      this.#store.remove(name);
      this.#accepted.delete(name);
      this.#sightings.delete(name);
      log.info('manifest removed', { file: name });
      return true;
    }
    const read = await readManifest(join(directory, name), fingerprint);
    if (read.kind === 'changed' || this.#stopped) return false;
    this.#sightings.delete(name);
    if (read.kind === 'unreadable') {
      this.#store.accept(name, brokenManifest(name, read.reason, read.remedy));
      // No fingerprint is this one, so every poll tries again: the cause may lie outside the file.
      this.#accepted.set(name, 'unreadable');
      return true;
    }
    const manifest = parseManifest(name, read.text, this.#interest, calicoKinds);
    this.#store.accept(name, manifest);
    this.#accepted.set(name, fingerprint);
    log.info('manifest read', { file: name, objects: manifest.objects.length, broken: manifest.broken });
    return true;
  }

  #publish(problems: readonly Problem[]): void {
    const snapshot = this.#store.snapshot(this.#synced, problems);
    if (snapshot === this.#snapshot || this.#stopped) return;
    this.#problemLog.take(snapshot.problems);
    this.#snapshot = snapshot;
    this.#options.onChange(snapshot);
  }

  #unreadable(error: unknown): Problem {
    return {
      code: 'GRY_MANIFESTS_UNREADABLE',
      severity: 'error',
      subject: this.#options.directory,
      message: `the directory of manifests cannot be read: ${describeError(error)}`,
      remedy: this.#synced
        ? 'bring the directory back; until then the objects last read stay in force'
        : 'make the directory, or correct the setting manifests; the agent waits for it',
    };
  }

  #tooMany(count: number): Problem {
    return {
      code: 'GRY_MANIFESTS_TOO_MANY',
      severity: 'error',
      subject: this.#options.directory,
      message: `the directory has ${count} manifest files, only the first ${limits.files} by name are used`,
      remedy: 'put several objects into one file',
    };
  }
}
