import { equal } from '../../net/equal.ts';
import type { Problem } from '../../ports/problem.ts';
import { isWorse, lastVersion } from '../last-version.ts';
import { type CalicoMap, CalicoOverlay } from '../records/calico/overlay.ts';
import type { AnyRecord } from '../records/object.ts';
import { type FieldProblem, hasError, type Parsed } from '../records/problem.ts';
import { secretReferences } from '../records/secret-references.ts';
import { emptySnapshot, type Snapshot, type SnapshotMap } from '../records/snapshot.ts';

type Entry = Parsed<AnyRecord>;

/** An object as its last version left it. */
interface Kept {
  /** Of the version in force; undefined: none ever was. */
  readonly record: AnyRecord | undefined;
  /** That version is wrong in part. */
  readonly isWrong: boolean;
  readonly problems: readonly Problem[];
  /** It was wrong from the first list on, so nobody knows what an earlier run derived from it. */
  readonly isUnknown: boolean;
}

/**
 * The objects of one resource. Of a version that is refused, or wrong where the one before was not, only the problems count. No
 * I/O.
 */
export class ObjectTable {
  readonly #objects = new Map<string, Kept>();
  #records: ReadonlyMap<string, AnyRecord> | undefined = new Map();
  #problems: readonly Problem[] | undefined = [];
  #isFilled = false;

  /** Makes the table exactly `objects`. */
  replace(objects: ReadonlyMap<string, Entry>): void {
    for (const name of this.#objects.keys()) if (!objects.has(name)) this.put(name, undefined);
    for (const [name, object] of objects) this.put(name, object);
    this.#isFilled = true;
  }

  /** Sets or (undefined) removes one object. */
  put(name: string, object: Entry | undefined): void {
    const before = this.#objects.get(name);
    if (object === undefined) {
      if (!this.#objects.delete(name)) return;
      this.#forget(before, undefined);
      return;
    }
    const after = this.#keep(object, before);
    this.#objects.set(name, after);
    this.#forget(before, after);
  }

  /** By name; the same map as before where nothing has changed. */
  get records(): ReadonlyMap<string, AnyRecord> {
    if (this.#records !== undefined) return this.#records;
    const records = new Map<string, AnyRecord>();
    for (const [name, { record }] of this.#objects) if (record !== undefined) records.set(name, record);
    this.#records = records;
    return records;
  }

  get problems(): readonly Problem[] {
    this.#problems ??= [...this.#objects.values()].flatMap(({ problems }) => problems);
    return this.#problems;
  }

  /** Every object of the first list has been understood since, or is gone. */
  get isKnown(): boolean {
    return this.problems.length === 0 || [...this.#objects.values()].every(({ isUnknown }) => !isUnknown);
  }

  #keep(object: Entry, before: Kept | undefined): Kept {
    if (before?.record !== undefined && isWorse(object, before.isWrong)) {
      return { ...before, problems: object.problems.map(withoutPath).map(lastVersion) };
    }
    const isWrong = hasError(object.problems);
    return {
      record: equal(before?.record, object.record) ? before?.record : object.record,
      isWrong,
      problems: object.problems.map(withoutPath),
      isUnknown: isWrong && (before?.isUnknown ?? !this.#isFilled),
    };
  }

  /** What was derived from the objects is made anew where it has to be. */
  #forget(before: Kept | undefined, after: Kept | undefined): void {
    if (before?.record !== after?.record) this.#records = undefined;
    if ((before?.problems.length ?? 0) > 0 || (after?.problems.length ?? 0) > 0) this.#problems = undefined;
  }
}

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
  #snapshot: Snapshot = emptySnapshot;

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

  #maps(): { readonly maps: Pick<Snapshot, SnapshotMap>; readonly problems: readonly Problem[] } {
    const ours = recordsOf(this.#tables);
    const { maps, problems } = this.#overlay.merge(ours, recordsOf(this.#calico));
    return { maps: { ...ours, ...maps }, problems };
  }
}

function recordsOf<M extends SnapshotMap>(tables: Readonly<Record<M, ObjectTable>>): Pick<Snapshot, M> {
  const maps = Object.entries<ObjectTable>(tables).map(([map, table]) => [map, table.records]);
  // The type holds: every resource puts what its own parser made into its own table.
  return Object.fromEntries(maps);
}

/** Maps by identity: their tables see to it that equal ones are the same. */
function isSame(a: Snapshot, b: Snapshot): boolean {
  const keys = Object.keys(a) as readonly (keyof Snapshot)[];
  return keys.every((key) => (key === 'problems' ? equal(a.problems, b.problems) : a[key] === b[key]));
}
