import { equal } from '../../net/equal.ts';
import type { Problem } from '../../ports/problem.ts';
import { isWorse, lastVersion } from '../last-version.ts';
import { type CalicoMaps, CalicoOverlay } from '../records/calico/overlay.ts';
import type { AnyRecord } from '../records/object.ts';
import { hasError } from '../records/problem.ts';
import { secretReferences } from '../records/secret-references.ts';
import { emptySnapshot, type Snapshot, type SnapshotMap } from '../records/snapshot.ts';
import type { Manifest, ManifestObject } from './manifest.ts';

/** An object in force, from the file's current text or from an earlier one. */
type GoodObject = ManifestObject & { readonly record: AnyRecord };

interface StoredFile {
  readonly objects: readonly GoodObject[];
  readonly problems: readonly Problem[];
  /** False: no version of the file was ever without errors. */
  readonly known: boolean;
}

const unknownFile: StoredFile = { objects: [], problems: [], known: false };

const keyOf = ({ map, name, isCalicos }: Pick<ManifestObject, 'map' | 'name' | 'isCalicos'>): string =>
  `${isCalicos === true ? 'calico/' : ''}${map}/${name}`;

/** The last good state of every file, and the snapshot that all of them give together. No I/O. */
export class ManifestStore {
  readonly #files = new Map<string, StoredFile>();
  readonly #overlay = new CalicoOverlay();
  #snapshot: Snapshot = emptySnapshot;

  /** Takes over a new version of a file; what is wrong in it keeps its last good state. */
  accept(name: string, manifest: Manifest): void {
    const old = this.#files.get(name) ?? unknownFile;
    this.#files.set(
      name,
      manifest.broken || manifest.blank ? keepAll(old, name, manifest) : merge(old, manifest),
    );
  }

  /** Forgets a file and its objects. */
  remove(name: string): void {
    this.#files.delete(name);
  }

  /** The keys of Secrets that the objects in force refer to, by the name of the Secret. */
  secretReferences(): ReadonlyMap<string, ReadonlySet<string>> {
    return secretReferences(this.#mergeFiles().maps);
  }

  /** Files in which Secrets stand. */
  filesWithSecrets(): readonly string[] {
    return [...this.#files].flatMap(([name, { objects }]) =>
      objects.some(({ map }) => map === 'secrets') ? [name] : [],
    );
  }

  /**
   * The snapshot of the current state: the very one given before where nothing has changed. `problems` are those of the
   * source itself.
   */
  snapshot(synced: boolean, problems: readonly Problem[]): Snapshot {
    const merged = this.#mergeFiles();
    const fresh: Snapshot = {
      synced,
      complete: synced && [...this.#files.values()].every((file) => file.known),
      nodes: reuse(this.#snapshot.nodes, merged.maps.nodes),
      pools: reuse(this.#snapshot.pools, merged.maps.pools),
      bgpConfigurations: reuse(this.#snapshot.bgpConfigurations, merged.maps.bgpConfigurations),
      bgpPeers: reuse(this.#snapshot.bgpPeers, merged.maps.bgpPeers),
      bgpFilters: reuse(this.#snapshot.bgpFilters, merged.maps.bgpFilters),
      secrets: reuse(this.#snapshot.secrets, merged.maps.secrets),
      problems: [...problems, ...merged.problems],
    };
    if (!equal(fresh, this.#snapshot)) this.#snapshot = fresh;
    return this.#snapshot;
  }

  #mergeFiles(): { maps: SnapshotMaps; problems: Problem[] } {
    const ours = emptyMaps();
    const calico = emptyMaps();
    const places = new Map<string, string>();
    const problems: Problem[] = [];
    for (const name of [...this.#files.keys()].sort()) {
      const { objects, problems: ofFile } = this.#files.get(name) ?? unknownFile;
      problems.push(...ofFile);
      for (const object of objects) {
        const first = places.get(keyOf(object));
        if (first === undefined) {
          places.set(keyOf(object), object.place);
          (object.isCalicos === true ? calico : ours)[object.map].set(object.name, object.record);
        } else {
          problems.push(duplicate(object, first));
        }
      }
    }
    // The casts are sound: `parseObject` names the map together with the parser of its records.
    const maps = ours as unknown as SnapshotMaps;
    const merged = this.#overlay.merge(maps, calico as unknown as CalicoMaps);
    return { maps: { ...maps, ...merged.maps }, problems: [...problems, ...merged.problems] };
  }
}

type SnapshotMaps = Pick<Snapshot, SnapshotMap>;

const emptyMaps = (): Record<SnapshotMap, Map<string, AnyRecord>> => ({
  nodes: new Map(),
  pools: new Map(),
  bgpConfigurations: new Map(),
  bgpPeers: new Map(),
  bgpFilters: new Map(),
  secrets: new Map(),
});

/** The whole file keeps its last good objects. A blank file that never had any is just that. */
function keepAll(old: StoredFile, name: string, manifest: Manifest): StoredFile {
  if (manifest.broken) return { ...old, problems: manifest.problems.map((p) => kept(p, old.objects.length)) };
  if (old.objects.length === 0) return { objects: [], problems: [], known: true };
  const blank: Problem = {
    code: 'GRY_MANIFEST_BLANK',
    severity: 'warning',
    subject: name,
    message: `the file has become empty, as it does while a program is about to write it`,
    remedy: 'write objects into it, or a comment, or delete it',
  };
  return { ...old, problems: [kept(blank, old.objects.length)] };
}

function kept(problem: Problem, count: number): Problem {
  if (count === 0) return problem;
  const objects = count === 1 ? 'the object' : `the ${count} objects`;
  return { ...problem, message: `${problem.message}; ${objects} last read from it stay in force` };
}

/**
 * The new objects, and in place of a wrong one its last valid version. Where it cannot be told which object a wrong one is,
 * it may be any of those that the file no longer shows: they stay.
 */
function merge(old: StoredFile, manifest: Manifest): StoredFile {
  const unseen = new Map(old.objects.map((object) => [keyOf(object), object]));
  const objects: GoodObject[] = [];
  const problems: Problem[] = [];
  const nameless: Problem[] = [...manifest.problems];
  for (const object of manifest.objects) {
    const before = unseen.get(keyOf(object));
    unseen.delete(keyOf(object));
    const { good, isKept } = choose(object, before);
    if (good !== undefined) objects.push(good);
    const found = isKept ? object.problems.map(lastVersion) : object.problems;
    (object.name === '' ? nameless : problems).push(...found);
  }
  const known = old.known || !hasError([...nameless, ...problems]);
  if (!hasError(nameless)) return { objects, problems: [...nameless, ...problems], known };
  const told = nameless.map((problem) =>
    problem.severity === 'error' ? kept(problem, unseen.size) : problem,
  );
  return { objects: [...objects, ...unseen.values()], problems: [...told, ...problems], known };
}

/** The new version of an object, unless it is refused, or wrong in part where the one before was not. */
function choose(
  object: ManifestObject,
  before: GoodObject | undefined,
): { readonly good: GoodObject | undefined; readonly isKept: boolean } {
  const { record } = object;
  if (before !== undefined && isWorse(object, hasError(before.problems)))
    return { good: before, isKept: true };
  return { good: record === undefined ? undefined : { ...object, record }, isKept: false };
}

function duplicate({ kind, name, place }: ManifestObject, first: string): Problem {
  return {
    code: 'GRY_MANIFEST_DUPLICATE',
    severity: 'warning',
    subject: `${place} ${kind} ${name}`,
    message: `the object is also in ${first}, which is used`,
    remedy: 'remove one of the two',
  };
}

/** `fresh` with every record that equals its predecessor replaced by it; the old map itself where all of them do. */
function reuse<R>(old: ReadonlyMap<string, R>, fresh: ReadonlyMap<string, R>): ReadonlyMap<string, R> {
  let changed = old.size !== fresh.size;
  const out = new Map<string, R>();
  for (const [name, record] of fresh) {
    const before = old.get(name);
    const same = before !== undefined && equal(before, record);
    out.set(name, same ? before : record);
    if (!same) changed = true;
  }
  return changed ? out : old;
}
