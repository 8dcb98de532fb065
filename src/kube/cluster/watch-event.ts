import { asObject, isPlainObject, own, type PlainObject } from '../records/plain.ts';
import { KubeError } from './kube-api.ts';
import { statusError } from './refusal.ts';

/** One line of a watch. */
export type WatchEvent =
  | {
      readonly kind: 'put' | 'delete';
      readonly name: string;
      readonly object: PlainObject;
      readonly version: string;
    }
  /** Nothing has changed up to this version; `initialEnd`: what was sent until now is all that there is. */
  | { readonly kind: 'bookmark'; readonly version: string; readonly initialEnd: boolean };

/** Reads a line of a watch. @throws KubeError: what an event of type ERROR says, or that this is no event */
export function parseWatchEvent(line: string): WatchEvent {
  const event = asObject(parse(line));
  const object = own(event, 'object');
  const type = own(event, 'type');
  if (!isPlainObject(object)) throw garbage('an event without an object');
  switch (type) {
    case 'ERROR':
      throw statusError(object);
    case 'BOOKMARK':
      return { kind: 'bookmark', version: versionOf(object), initialEnd: endsInitialEvents(object) };
    case 'ADDED':
    case 'MODIFIED':
      return { kind: 'put', name: nameOf(object), object, version: versionOf(object) };
    case 'DELETED':
      return { kind: 'delete', name: nameOf(object), object, version: versionOf(object) };
    default:
      throw garbage('an event of unknown type');
  }
}

/** `metadata.name`. @throws KubeError */
export function nameOf(object: PlainObject): string {
  const name = own(metadataOf(object), 'name');
  if (typeof name !== 'string' || name === '') throw garbage('an object without a name');
  return name;
}

function versionOf(object: PlainObject): string {
  const version = own(metadataOf(object), 'resourceVersion');
  if (typeof version !== 'string' || version === '') throw garbage('an object without resourceVersion');
  return version;
}

const metadataOf = (object: PlainObject): PlainObject => asObject(own(object, 'metadata'));

const endsInitialEvents = (object: PlainObject): boolean =>
  own(asObject(own(metadataOf(object), 'annotations')), 'k8s.io/initial-events-end') === 'true';

/**
 * Whether version `a` is certainly older than `b`. They count up in one storage, as decimal numbers (promised since Kubernetes
 * 1.35, true before); of anything else nothing is known.
 */
export function isOlder(a: string, b: string): boolean {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return false;
  return a.length === b.length ? a < b : a.length < b.length;
}

/** JSON that ought to be. @throws KubeError */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KubeError('GRY_KUBE_GARBAGE', 'the API server sends what is not JSON', { cause });
  }
}

const garbage = (what: string): KubeError =>
  new KubeError('GRY_KUBE_GARBAGE', `the API server sends ${what}`);
