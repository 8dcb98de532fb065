import type { Problem } from '../../ports/problem.ts';
import { type AnyRecord, parseObject } from '../records/object.ts';
import { asList, asObject, isPlainObject, own, type PlainObject } from '../records/plain.ts';
import type { FieldProblem, Path } from '../records/problem.ts';
import { noInterest, type SecretInterest } from '../records/secret.ts';
import type { SnapshotMap } from '../records/snapshot.ts';
import { type ManifestDocument, parseDocuments } from './document.ts';

/** An object of a kind that we keep. */
export interface ManifestObject {
  readonly map: SnapshotMap;
  /** Absent: the object was refused, see `problems`. */
  readonly record?: AnyRecord;
  readonly kind: string;
  /** One of Calico's. */
  readonly isCalicos?: true;
  /** Whatever the object gives as its name; empty where it gives none. */
  readonly name: string;
  /** `nodes.yaml:12:3`, or only the file where finding the line would take long. */
  readonly place: string;
  readonly problems: readonly Problem[];
}

/** One file, understood. */
export interface Manifest {
  /** In the order of the file. */
  readonly objects: readonly ManifestObject[];
  /** Of the file itself, and of objects that we do not keep. */
  readonly problems: readonly Problem[];
  /** The file could not be parsed: nothing is known of its objects. */
  readonly broken: boolean;
  /** Nothing stands in the file, not even a comment. */
  readonly blank: boolean;
}

/** `interest`: which Secrets, and which of their keys, are taken; `calicoKinds`: also what is Calico's. */
export function parseManifest(
  file: string,
  text: string,
  interest = noInterest,
  calicoKinds = false,
): Manifest {
  const parsed = parseDocuments(file, text);
  if ('error' in parsed) {
    const { reason, position } = parsed.error;
    return brokenManifest(`${file}:${position.line}:${position.column}`, reason, 'correct the file');
  }
  const objects: ManifestObject[] = [];
  const problems: Problem[] = [];
  for (const document of parsed.documents) {
    for (const item of itemsOf(document.value, []))
      readItem({ file, document, interest, calicoKinds, objects, problems }, item);
  }
  return { objects, problems, broken: false, blank: text.trim() === '' };
}

/** A file of which nothing could be made out. */
export function brokenManifest(subject: string, reason: string, remedy: string): Manifest {
  const problem: Problem = {
    code: 'GRY_MANIFEST_BROKEN',
    severity: 'error',
    subject,
    message: reason,
    remedy,
  };
  return { objects: [], problems: [problem], broken: true, blank: false };
}

/** A value in a document that should be an object. */
export interface ManifestItem {
  readonly value: unknown;
  /** From the top of the document. */
  readonly path: Path;
}

/** The object itself, or the items of a list (`List`, `NodeList`, lists in lists) as kubectl and the API print them. */
export function itemsOf(value: unknown, path: Path): ManifestItem[] {
  if (value === null || value === undefined) return [];
  const kind = isPlainObject(value) ? own(value, 'kind') : undefined;
  if (!isPlainObject(value) || typeof kind !== 'string' || !isList(kind, value)) return [{ value, path }];
  return asList(own(value, 'items')).flatMap((item, i) =>
    itemsOf(withType(item, kind, own(value, 'apiVersion')), [...path, 'items', i]),
  );
}

const isList = (kind: string, value: PlainObject): boolean =>
  kind.endsWith('List') && Array.isArray(own(value, 'items'));

/** The API leaves `kind` and `apiVersion` of the items out of a NodeList: the list has said it. */
function withType(item: unknown, listKind: string, apiVersion: unknown): unknown {
  if (listKind === 'List' || !isPlainObject(item)) return item;
  return { apiVersion, kind: listKind.slice(0, -'List'.length), ...item };
}

interface Reading {
  readonly file: string;
  readonly document: ManifestDocument;
  readonly interest: SecretInterest;
  readonly calicoKinds: boolean;
  readonly objects: ManifestObject[];
  readonly problems: Problem[];
}

function readItem(reading: Reading, { value, path }: ManifestItem): void {
  const { file, document, interest, calicoKinds, objects, problems } = reading;
  const placeOf = (within: Path): string => {
    const { line, column } = document.locate([...path, ...within]);
    return `${file}:${line}:${column}`;
  };
  const locate = ({ path: within, ...problem }: FieldProblem): Problem => ({
    ...problem,
    subject: `${placeOf(within)} ${problem.subject}`,
  });
  if (!isPlainObject(value)) {
    problems.push(notAnObject(placeOf([])));
    return;
  }
  const parsed = parseObject(value, interest, calicoKinds);
  if (parsed.map === undefined) {
    if (parsed.problem !== undefined) problems.push(locate(parsed.problem));
    return;
  }
  const { map, kind, isCalicos } = parsed;
  const { record, problems: found } = parsed.parsed;
  const written = own(asObject(own(value, 'metadata')), 'name');
  const name = typeof written === 'string' ? written : '';
  const place = document.isSlow ? file : placeOf([]);
  objects.push({
    map,
    kind,
    name,
    place,
    problems: found.map(locate),
    ...(record && { record }),
    ...(isCalicos && { isCalicos }),
  });
}

function notAnObject(subject: string): Problem {
  return {
    code: 'GRY_MANIFEST_NO_OBJECT',
    severity: 'error',
    subject,
    message: 'this is not a Kubernetes object but a single value or a list',
    remedy: 'write a map with apiVersion, kind and metadata',
  };
}
