import { equal } from '../../net/equal.ts';
import { PersistentMap } from '../../net/persistent-map.ts';
import type { Problem } from '../../ports/problem.ts';
import { isWorse, lastVersion } from '../last-version.ts';
import { type CalicoMap, CalicoOverlay } from '../records/calico/overlay.ts';
import type { Evidence } from '../records/evidence.ts';
import type { AnyRecord } from '../records/object.ts';
import { type FieldProblem, hasError } from '../records/problem.ts';
import { secretReferences } from '../records/secret-references.ts';
import { emptySnapshot, type Snapshot, type SnapshotMap } from '../records/snapshot.ts';
import type { Account } from './acceptance.ts';
import { resources, type Seen } from './resources.ts';
import type { Standing } from './standing.ts';

/** An object as its last version left it. */
interface Kept {
  /** Of the version in force; undefined: none ever was. */
  readonly record: AnyRecord | undefined;
  /** That version is wrong in part. */
  readonly isWrong: boolean;
  /** The last version did not come into force. */
  readonly isOld: boolean;
  /** Of the last version. */
  readonly problems: readonly Problem[];
  readonly standing: Standing | undefined;
  /** It was wrong from the first list on, so nobody knows what an earlier run derived from it. */
  readonly isUnknown: boolean;
}

/**
 * The objects of one resource. Of a version that is refused, or wrong where the one before was not, only the problems count. No
 * I/O.
 */
export class ObjectTable {
  readonly #objects = new Map<string, Kept>();
  #records = new PersistentMap<string, AnyRecord>();
  #sound = this.#records;
  #problems: readonly Problem[] | undefined = [];
  #isFilled = false;

  /** Makes the table exactly `objects`. */
  replace(objects: ReadonlyMap<string, Seen>): void {
    for (const name of this.#objects.keys()) if (!objects.has(name)) this.put(name, undefined);
    for (const [name, object] of objects) this.put(name, object);
    this.#isFilled = true;
  }

  /** Sets or (undefined) removes one object. */
  put(name: string, object: Seen | undefined): void {
    const before = this.#objects.get(name);
    if (object === undefined) {
      if (!this.#objects.delete(name)) return;
      this.#derive(name, before, undefined);
      return;
    }
    const after = this.#keep(object, before);
    this.#objects.set(name, after);
    this.#derive(name, before, after);
  }

  /** By name; the same map as before where nothing has changed. */
  get records(): ReadonlyMap<string, AnyRecord> {
    return this.#records;
  }

  /** As `records`, without the objects whose last version is not the one in force: what an agent knows that has just started. */
  get sound(): ReadonlyMap<string, AnyRecord> {
    return this.#sound;
  }

  get problems(): readonly Problem[] {
    this.#problems ??= [...this.#objects.values()].flatMap(({ problems, isOld }) =>
      isOld ? problems.map(lastVersion) : problems,
    );
    return this.#problems;
  }

  /** What there is to be said of each object. */
  *standings(): Generator<{ name: string; standing: Standing; problems: readonly Problem[] }> {
    for (const [name, { standing, problems }] of this.#objects)
      if (standing !== undefined) yield { name, standing, problems };
  }

  /** Every object of the first list has been understood since, or is gone. */
  get isKnown(): boolean {
    return this.problems.length === 0 || [...this.#objects.values()].every(({ isUnknown }) => !isUnknown);
  }

  #keep(object: Seen, before: Kept | undefined): Kept {
    if (before?.record !== undefined && isWorse(object, before.isWrong)) {
      return {
        ...before,
        isOld: true,
        problems: object.problems.map(withoutPath),
        standing: object.standing,
      };
    }
    const isWrong = hasError(object.problems);
    return {
      record: equal(before?.record, object.record) ? before?.record : object.record,
      isWrong,
      isOld: false,
      problems: object.problems.map(withoutPath),
      standing: object.standing,
      isUnknown: isWrong && (before?.isUnknown ?? !this.#isFilled),
    };
  }

  /** What is made of the objects follows each of them. Where all are sound, and mostly they are, one map is both. */
  #derive(name: string, before: Kept | undefined, after: Kept | undefined): void {
    const isOld = after?.isOld === true;
    const isBoth = this.#sound === this.#records && !isOld;
    this.#records = placed(this.#records, name, after?.record);
    this.#sound = isBoth ? this.#records : placed(this.#sound, name, isOld ? undefined : after?.record);
    if ((before?.problems.length ?? 0) > 0 || (after?.problems.length ?? 0) > 0) this.#problems = undefined;
  }
}

const placed = (
  records: PersistentMap<string, AnyRecord>,
  name: string,
  record: AnyRecord | undefined,
): PersistentMap<string, AnyRecord> =>
  record === undefined ? records.without(name) : records.with(name, record);

const withoutPath = ({ code, severity, subject, message, remedy }: FieldProblem): Problem => ({
  code,
  severity,
  subject,
  message,
  remedy,
});

/** The records of all resources, and the snapshot that they give together. No I/O. */
export class ClusterStore {
  readonly #tables: Readonly<Record<SnapshotMap, ObjectTable>> = {
    nodes: new ObjectTable(),
    pools: new ObjectTable(),
    bgpConfigurations: new ObjectTable(),
    bgpPeers: new ObjectTable(),
    bgpFilters: new ObjectTable(),
    secrets: new ObjectTable(),
  };
  readonly #calico: Readonly<Record<CalicoMap, ObjectTable>> = {
    pools: new ObjectTable(),
    bgpConfigurations: new ObjectTable(),
    bgpPeers: new ObjectTable(),
    bgpFilters: new ObjectTable(),
  };
  readonly #overlay = new CalicoOverlay();
  /** One of its own, because each remembers its last answer. */
  readonly #soundOverlay = new CalicoOverlay();
  #snapshot: Snapshot = emptySnapshot;
  #evidence: Evidence | undefined;

  table(map: SnapshotMap): ObjectTable {
    return this.#tables[map];
  }

  /** What Calico's objects of the kind go into; ours with the same names count before them. */
  calicoTable(map: CalicoMap): ObjectTable {
    return this.#calico[map];
  }

  /** The keys of Secrets that the objects in force refer to, by the name of the Secret. */
  secretReferences(): ReadonlyMap<string, ReadonlySet<string>> {
    return secretReferences(this.#maps().maps);
  }

  /** The snapshot of now, the very one given before where nothing has changed. `problems` are those of the source itself. */
  snapshot(synced: boolean, problems: readonly Problem[]): Snapshot {
    const tables = [...Object.values(this.#tables), ...Object.values(this.#calico)];
    const { maps, problems: shadowed } = this.#maps();
    const fresh: Snapshot = {
      synced,
      complete: synced && tables.every((table) => table.isKnown),
      ...maps,
      problems: [...problems, ...tables.flatMap((table) => table.problems), ...shadowed],
    };
    if (!isSame(fresh, this.#snapshot)) this.#snapshot = fresh;
    return this.#snapshot;
  }

  /** Every object that says whether it is accepted. */
  *accounts(): Generator<Account> {
    for (const { map, kind } of resources) {
      if (kind === undefined) continue;
      for (const account of this.#tables[map].standings()) yield { kind, ...account };
    }
  }

  /** What they are judged by, the very object given before where nothing has changed. `readSecrets`: see `Evidence`. */
  evidence(readSecrets: ReadonlySet<string>): Evidence {
    const ours = recordsOf(this.#tables, 'sound');
    const { maps } = this.#soundOverlay.merge(ours, recordsOf(this.#calico, 'sound'));
    const fresh: Evidence = { ...ours, ...maps, readSecrets };
    const keys = Object.keys(fresh) as readonly (keyof Evidence)[];
    const isSame = (key: keyof Evidence, before: Evidence): boolean =>
      key === 'readSecrets' ? equal(before.readSecrets, readSecrets) : before[key] === fresh[key];
    const before = this.#evidence;
    if (before === undefined || !keys.every((key) => isSame(key, before))) this.#evidence = fresh;
    return this.#evidence ?? fresh;
  }

  #maps(): { readonly maps: Pick<Snapshot, SnapshotMap>; readonly problems: readonly Problem[] } {
    const ours = recordsOf(this.#tables, 'records');
    const { maps, problems } = this.#overlay.merge(ours, recordsOf(this.#calico, 'records'));
    return { maps: { ...ours, ...maps }, problems };
  }
}

function recordsOf<M extends SnapshotMap>(
  tables: Readonly<Record<M, ObjectTable>>,
  which: 'records' | 'sound',
): Pick<Snapshot, M> {
  const maps = Object.entries<ObjectTable>(tables).map(([map, table]) => [map, table[which]]);
  // The type holds: every resource puts what its own parser made into its own table.
  return Object.fromEntries(maps);
}

/** Maps by identity: their tables see to it that equal ones are the same. */
function isSame(a: Snapshot, b: Snapshot): boolean {
  const keys = Object.keys(a) as readonly (keyof Snapshot)[];
  return keys.every((key) => (key === 'problems' ? equal(a.problems, b.problems) : a[key] === b[key]));
}
