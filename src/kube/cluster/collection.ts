import { isPlainObject, type PlainObject } from '../records/plain.ts';
import { type KubeApi, KubeError } from './kube-api.ts';
import { type ListEnd, ListSplitter } from './list-splitter.ts';
import { refusal } from './refusal.ts';
import { parse } from './watch-event.ts';

/** Objects per page. */
const PAGE = 500;

/** Where objects of one kind are, and what they are. */
export interface Collection {
  readonly path: string;
  readonly apiVersion: string;
  readonly kind: string;
}

/**
 * All objects of a collection, read once; undefined where the server does not know it. Each says what it is, which servers leave out
 * of the items of lists that are not of custom resources. @throws KubeError
 */
export async function readCollection(
  api: KubeApi,
  { path, apiVersion, kind }: Collection,
  signal: AbortSignal,
): Promise<readonly PlainObject[] | undefined> {
  const objects: PlainObject[] = [];
  let next: string | undefined;
  try {
    do {
      const page = new URLSearchParams({
        limit: String(PAGE),
        ...(next !== undefined && { continue: next }),
      });
      ({ next } = await readPage(api, `${path}?${page}`, signal, objects));
    } while (next !== undefined);
  } catch (error) {
    if (error instanceof KubeError && error.code === 'GRY_KUBE_ABSENT') return undefined;
    throw error;
  }
  return objects.map((object) => ({ ...object, apiVersion, kind }));
}

async function readPage(
  api: KubeApi,
  path: string,
  signal: AbortSignal,
  objects: PlainObject[],
): Promise<ListEnd> {
  const answer = await api.send({ method: 'GET', path }, signal);
  if (answer.status !== 200) throw await refusal(answer);
  const splitter = new ListSplitter();
  for await (const chunk of answer.body) objects.push(...splitter.push(chunk).map(toObject));
  return splitter.end();
}

function toObject(text: string): PlainObject {
  const value = parse(text);
  if (isPlainObject(value)) return value;
  throw new KubeError('GRY_KUBE_GARBAGE', 'an item of a list is not an object');
}
