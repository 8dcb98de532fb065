import { equal } from '../../net/equal.ts';
import type { Clock, Timer } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Problem } from '../../ports/problem.ts';
import { ProblemLog } from '../problem-log.ts';
import type { Evidence } from '../records/evidence.ts';
import { emptySnapshot, type Snapshot } from '../records/snapshot.ts';
import type { Account } from './acceptance.ts';
import type { JudgedObjects } from './acceptance-writer.ts';
import { sleep } from './backoff.ts';
import { type CalicoResource, calicoPairs } from './calico-resources.ts';
import { ClusterStore } from './cluster-store.ts';
import { Contact } from './contact.ts';
import type { KubeApi } from './kube-api.ts';
import { Reflector, type ReflectorSink } from './reflector.ts';
import { reflectorProblems } from './reflector-problems.ts';
import type { ReflectorStatus } from './reflector-status.ts';
import { type Resource, resources, resourcesBesideCalico, type Seen, secretResource } from './resources.ts';
import { Turns } from './turns.ts';

export interface ClusterSourceOptions {
  readonly api: KubeApi;
  /** The namespace of the agent, in which its Secrets are. */
  readonly namespace: string;
  /** Objects of Calico's kinds are read too. */
  readonly calicoKinds?: boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Runs a function in the next turn of the event loop. */
  readonly defer: (fn: () => void) => void;
  /** Called with every snapshot that differs from the one before. */
  readonly onChange: (snapshot: Snapshot) => void;
  /** What is done beside following, from the first complete reading until the signal is aborted. Never rejects. */
  readonly duty?: (objects: JudgedObjects, signal: AbortSignal) => Promise<void>;
}

/** Milliseconds between two snapshots at least. */
const SPACING = 20;
/** Milliseconds for which a snapshot waits for a Secret that it is the first to refer to. */
const SECRET_PATIENCE = 5000;

/** One Secret that is followed. */
interface FollowedSecret {
  readonly reflector: Reflector<unknown>;
  readonly name: string;
  readonly stop: AbortController;
  /** It is not waited for any longer. */
  isLate: boolean;
}

/** One kind of Calico's, which the server may not know. */
interface FollowedPair {
  readonly stored: Reflector<unknown>;
  readonly writtenResource: CalicoResource;
  /** Followed since the server was found not to know the stored ones. */
  written?: Reflector<unknown>;
}

/** The API server as the source of all objects: one reflector per resource, and one per Secret that is referred to. */
export class ClusterSource implements JudgedObjects {
  readonly #options: ClusterSourceOptions;
  readonly #store = new ClusterStore();
  readonly #turns: Turns;
  readonly #contact: Contact;
  readonly #problemLog: ProblemLog;
  readonly #reflectors: readonly Reflector<unknown>[];
  readonly #calico: readonly FollowedPair[];
  /** By the name of the Secret and the keys that matter. */
  readonly #secrets = new Map<string, FollowedSecret>();
  readonly #firstRead = Promise.withResolvers<void>();
  #snapshot: Snapshot = emptySnapshot;
  #signal: AbortSignal | undefined;
  #duty: Promise<void> | undefined;
  #timer: Timer | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: ClusterSourceOptions) {
    this.#options = options;
    this.#turns = new Turns(options.clock, options.defer);
    this.#contact = new Contact(options.clock);
    this.#problemLog = new ProblemLog(options.log, 'problem in the cluster');
    const isBeside = options.calicoKinds === true;
    this.#reflectors = (isBeside ? resourcesBesideCalico : resources).map((resource) =>
      this.#reflector(resource, this.#store.table(resource.map)),
    );
    this.#calico = (isBeside ? calicoPairs : []).map(({ stored, written }) => ({
      stored: this.#reflector(stored, this.#store.calicoTable(stored.map)),
      writtenResource: written,
    }));
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Wall clock of the last sign of life of the resource that has been silent for longest. */
  get lastRead(): number | undefined {
    const times = this.resources().map((resource) => resource.lastGood);
    return times.reduce((a, b) => (a === undefined || b === undefined ? undefined : Math.min(a, b)));
  }

  /** How each resource is doing; none of Calico's that the server does not know. */
  resources(): readonly ReflectorStatus[] {
    const secrets = [...this.#secrets.values()].map(({ reflector }) => reflector);
    const calico = this.#calicoReflectors().filter((reflector) => !isAbsent(reflector));
    return [...this.#reflectors, ...calico, ...secrets].map(({ status }) => status);
  }

  #calicoReflectors(): readonly Reflector<unknown>[] {
    return this.#calico.flatMap(({ stored, written }) =>
      written === undefined ? [stored] : [stored, written],
    );
  }

  /**
   * Follows the API server until `signal` is aborted. Resolves when every resource was read completely once, however long the
   * server is away; rejects with the signal's reason when it is aborted before.
   */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#stop(signal.reason), { once: true });
    for (const reflector of [...this.#reflectors, ...this.#calicoReflectors()]) void reflector.run(signal);
    await this.#firstRead.promise;
    this.#duty = this.#options.duty?.(this, signal);
  }

  /** Resolves, after the signal was aborted, when nothing is under way any more that others would miss. */
  async settled(): Promise<void> {
    await this.#duty;
  }

  accounts(): Iterable<Account> {
    return this.#store.accounts();
  }

  evidence(): Evidence {
    const read = [...this.#secrets.values()].filter(({ reflector }) => reflector.status.synced);
    return this.#store.evidence(new Set(read.map(({ name }) => name)));
  }

  #stop(reason: unknown): void {
    this.#timer?.cancel();
    this.#firstRead.reject(reason);
  }

  #reflector(resource: Resource, sink: ReflectorSink<Seen>): Reflector<unknown> {
    const { api, clock, log } = this.#options;
    const { name, path, fieldSelector, parse } = resource;
    return new Reflector<Seen>({
      name,
      path,
      ...(fieldSelector !== undefined && { fieldSelector }),
      api,
      clock,
      log,
      turns: this.#turns,
      contact: this.#contact,
      parse,
      sink: {
        replace: (objects) => {
          sink.replace(objects);
          this.#tell();
        },
        put: (key, object) => {
          sink.put(key, object);
          this.#tell();
        },
      },
      onStatus: () => this.#tell(),
    });
  }

  /** A snapshot is due: in the next turn, or later where one was told just now. */
  #tell(): void {
    if (this.#timer !== undefined || this.#signal?.aborted !== false) return;
    const wait = Math.max(0, this.#toldAt + SPACING - this.#options.clock.monotonic());
    this.#timer = this.#options.clock.setTimer(wait, () => {
      this.#timer = undefined;
      this.#publish();
    });
  }

  #publish(): void {
    this.#toldAt = this.#options.clock.monotonic();
    this.#followWritten();
    const awaited = [...this.#reflectors, ...this.#calicoReflectors()];
    // What begins to be followed later holds nothing back.
    if (!this.#snapshot.synced && !awaited.every((reflector) => reflector.status.synced)) {
      const problems = this.#problems();
      if (!equal(problems, this.#snapshot.problems)) this.#change({ ...emptySnapshot, problems });
      return;
    }
    this.#followSecrets();
    // A reference never comes without its value, unless nobody tells it.
    if ([...this.#secrets.values()].some((secret) => !secret.isLate && !isAnswered(secret))) return;
    this.#change(this.#store.snapshot(true, this.#problems()));
    this.#firstRead.resolve();
  }

  #change(snapshot: Snapshot): void {
    if (snapshot === this.#snapshot) return;
    this.#problemLog.take(snapshot.problems);
    this.#snapshot = snapshot;
    this.#options.onChange(snapshot);
  }

  #problems(): readonly Problem[] {
    return reflectorProblems(this.resources(), this.#options.clock.now());
  }

  /** Of Calico's kinds that the server does not know as they are stored, it may know the other form. */
  #followWritten(): void {
    const signal = this.#signal;
    if (signal === undefined) return;
    for (const pair of this.#calico) {
      const { stored, writtenResource, written } = pair;
      if (written !== undefined || !isAbsent(stored)) continue;
      const table = this.#store.calicoTable(writtenResource.map);
      pair.written = this.#reflector(writtenResource, {
        replace: (objects) => {
          if (isAbsent(stored)) table.replace(objects);
        },
        put: (name, object) => {
          if (isAbsent(stored)) table.put(name, object);
        },
      });
      void pair.written.run(signal);
    }
  }

  /** Exactly those Secrets are followed that the objects of now refer to. */
  #followSecrets(): void {
    const signal = this.#signal;
    if (signal === undefined) return;
    const wanted = new Map<string, Resource>();
    const names = new Set<string>();
    const table = this.#store.table('secrets');
    for (const [name, keys] of this.#store.secretReferences()) {
      names.add(name);
      wanted.set(
        `${name} ${[...keys].sort().join(' ')}`,
        secretResource(this.#options.namespace, name, keys),
      );
    }
    for (const [id, secret] of this.#secrets) {
      if (wanted.has(id)) continue;
      secret.stop.abort();
      this.#secrets.delete(id);
      if (!names.has(secret.name)) table.put(secret.name, undefined);
    }
    for (const [id, resource] of wanted) if (!this.#secrets.has(id)) this.#followSecret(id, resource, signal);
  }

  #followSecret(id: string, resource: Resource, outer: AbortSignal): void {
    const stop = new AbortController();
    const signal = AbortSignal.any([outer, stop.signal]);
    const name = resource.name.slice('secrets/'.length);
    const table = this.#store.table('secrets');
    const reflector = this.#reflector(resource, {
      replace: (objects) => {
        if (!signal.aborted) table.put(name, objects.get(name));
      },
      put: (_, object) => {
        if (!signal.aborted) table.put(name, object);
      },
    });
    const secret: FollowedSecret = { reflector, name, stop, isLate: false };
    this.#secrets.set(id, secret);
    void reflector.run(signal);
    void sleep(this.#options.clock, SECRET_PATIENCE, signal).then(() => {
      secret.isLate = true;
      this.#tell();
    });
  }
}

/** The server does not know the resource. */
const isAbsent = ({ status }: Reflector<unknown>): boolean =>
  status.failure?.error.code === 'GRY_KUBE_ABSENT';

/** The Secret, or that it may not be read. */
const isAnswered = ({ reflector: { status } }: FollowedSecret): boolean =>
  status.synced || status.failure?.error.code === 'GRY_KUBE_FORBIDDEN';
