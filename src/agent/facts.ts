import type { LearnedFeed } from '../bgp/status.ts';
import type { IntentFacts } from '../calc/intent.ts';
import type { Attachment } from '../ipam/attachment.ts';
import type { PasswordFile } from '../kube/records/password-source.ts';
import { emptySnapshot, type Snapshot, type SnapshotMap, snapshotMaps } from '../kube/records/snapshot.ts';
import { equal } from '../net/equal.ts';
import type { LinkAddressRecord, LinkRecord, RouteRecord } from '../netlink/wire/records.ts';

/**
 * One kind of fact: records by key. A record that equals the one it replaces is no change, so that events may repeat, come
 * late or roll back.
 */
export class FactTable<K, V> {
  readonly #records = new Map<K, V>();
  readonly #changed: () => void;
  #snapshot: ReadonlyMap<K, V> | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** The records as they are now. Another object after each change, never changed itself: derive from it, keep by identity. */
  get records(): ReadonlyMap<K, V> {
    this.#snapshot ??= new Map(this.#records);
    return this.#snapshot;
  }

  /** Sets or (undefined) removes one record. */
  put(key: K, record: V | undefined): void {
    if (this.#store(key, record)) this.#bump();
  }

  /** Many at once, one change. */
  putAll(changes: Iterable<readonly [K, V | undefined]>): void {
    let changed = false;
    for (const [key, record] of changes) changed = this.#store(key, record) || changed;
    if (changed) this.#bump();
  }

  /** Makes the table exactly `records`. */
  replace(records: ReadonlyMap<K, V>): void {
    let changed = false;
    for (const key of this.#records.keys()) {
      if (!records.has(key)) changed = this.#records.delete(key);
    }
    for (const [key, record] of records) changed = this.#store(key, record) || changed;
    if (changed) this.#bump();
  }

  #store(key: K, record: V | undefined): boolean {
    const before = this.#records.get(key);
    if (record === undefined) return this.#records.delete(key);
    if (before === record || (before !== undefined && equal(before, record))) return false;
    this.#records.set(key, record);
    return true;
  }

  #bump(): void {
    this.#snapshot = undefined;
    this.#changed();
  }
}

export type FactName = keyof IntentFacts;

/** Everything the agent knows, as records. Whatever comes in is put here; whoever wants to react is told the table's name. */
export class FactStore {
  readonly #changed: (name: FactName) => void;
  #objects: Pick<Snapshot, SnapshotMap> = emptySnapshot;
  /** By path. */
  readonly passwordFiles: FactTable<string, PasswordFile>;
  /** By interface index. */
  readonly links: FactTable<number, LinkRecord>;
  /** By `INDEX ADDRESS/LENGTH`. */
  readonly addresses: FactTable<string, LinkAddressRecord>;
  /** Routes of the main table that are not ours: next hops are resolved through them. By position in the kernel's order. */
  readonly foreignRoutes: FactTable<string, RouteRecord>;
  /** Best routes of the BGP speaker: its own table, because there may be very many. */
  readonly learned: LearnedFeed;
  /** Pods on this node, by `attachmentId`. */
  readonly attachments: FactTable<string, Attachment>;

  constructor(onChange: (name: FactName) => void, learned: LearnedFeed) {
    const table = <K, V>(name: FactName): FactTable<K, V> => new FactTable(() => onChange(name));
    this.#changed = onChange;
    this.passwordFiles = table('passwordFiles');
    this.links = table('links');
    this.addresses = table('addresses');
    this.foreignRoutes = table('foreignRoutes');
    this.learned = learned;
    this.attachments = table('attachments');
  }

  /** Takes what a source of objects knows now: it sees to it that what has not changed is the same map. */
  takeObjects(snapshot: Snapshot): void {
    const before = this.#objects;
    this.#objects = snapshot;
    for (const map of snapshotMaps) if (snapshot[map] !== before[map]) this.#changed(map);
  }

  /** Everything, as the pure functions read it; tables that did not change are the same objects as before. */
  records(): IntentFacts {
    const { nodes, pools, bgpConfigurations, bgpPeers, bgpFilters, secrets } = this.#objects;
    return {
      nodes,
      pools,
      bgpConfigurations,
      bgpPeers,
      bgpFilters,
      secrets,
      passwordFiles: this.passwordFiles.records,
      links: this.links.records,
      addresses: this.addresses.records,
      foreignRoutes: this.foreignRoutes.records,
      learned: this.learned,
      attachments: this.attachments.records,
    };
  }
}
