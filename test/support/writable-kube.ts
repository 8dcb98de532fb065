import { type KubeAnswer, KubeError, type KubeRequest } from '../../src/kube/cluster/kube-api.ts';
import { asObject, own, type PlainObject } from '../../src/kube/records/plain.ts';
import { FakeKube, type KubeObject } from './fake-kube.ts';

/** One write that the server has carried out. */
export interface DoneWrite {
  readonly by: string;
  readonly path: string;
  readonly object: KubeObject;
}

/**
 * The API server in memory, which also carries out writes: single objects are read and created, merge patches and applications
 * change them, subresource `status` only that. A version that is named must be the one there is.
 */
export class WritableKube extends FakeKube {
  /** Those that changed something, in order. */
  readonly done: DoneWrite[] = [];
  /** Callers who are cut off; nobody answers them. */
  readonly cutOff = new Set<string>();
  /** Answers of these writes get lost after they were carried out, one each. */
  lostAnswers = 0;

  /** As one of several who use the server. */
  as(caller: string): { send: FakeKube['send'] } {
    return {
      send: async (request, signal) => {
        signal.throwIfAborted();
        if (this.cutOff.has(caller)) return await silence(signal);
        if (this.down) throw new KubeError('GRY_KUBE_UNREACHABLE', 'connection refused');
        const answer = this.#carryOut(caller, request);
        if (answer === undefined) return await super.send(request, signal);
        if (request.method !== 'GET' && this.lostAnswers > 0) {
          this.lostAnswers--;
          throw new KubeError('GRY_KUBE_UNREACHABLE', 'the connection broke');
        }
        return answer;
      },
    };
  }

  #carryOut(caller: string, { method, path, body }: KubeRequest): KubeAnswer | undefined {
    const { pathname } = new URL(path, 'http://kube');
    const value = asObject(body?.value);
    if (method === 'POST') return this.#create(caller, pathname, value);
    const [, collection, name, subresource] = single.exec(pathname) ?? [];
    if (collection === undefined || name === undefined) return undefined;
    if (this.forbidden.has(collection)) return failed(403, 'forbidden');
    const before = this.objects(collection).get(name);
    if (method === 'GET') return before === undefined ? failed(404, 'not found') : ok(before);
    if (before === undefined && (subresource !== undefined || !isApply(body)))
      return failed(404, `${name} not found`);
    const named = own(asObject(own(value, 'metadata')), 'resourceVersion');
    if (named !== undefined && named !== before?.metadata['resourceVersion']) return failed(409, 'conflict');
    const after = merged(before ?? { metadata: { name } }, value, subresource);
    return this.#store(caller, collection, after, before === undefined ? 201 : 200);
  }

  #create(caller: string, collection: string, value: PlainObject): KubeAnswer {
    const given = own(asObject(own(value, 'metadata')), 'name');
    const name = typeof given === 'string' ? given : `generated-${this.done.length}`;
    if (this.objects(collection).has(name)) return failed(409, 'already exists');
    const metadata = { ...asObject(own(value, 'metadata')), name };
    return this.#store(caller, collection, { ...value, metadata }, 201);
  }

  #store(caller: string, collection: string, object: KubeObject, status: number): KubeAnswer {
    this.put(collection, object);
    const stored = this.objects(collection).get(object.metadata.name) ?? object;
    this.done.push({ by: caller, path: `${collection}/${object.metadata.name}`, object: stored });
    return ok(stored, status);
  }
}

const single = /^(\/(?:api\/v1|apis\/[^/]+\/[^/]+)(?:\/namespaces\/[^/]+)?\/[^/]+)\/([^/]+)(?:\/(status))?$/;

const isApply = (body: KubeRequest['body']): boolean => body?.type === 'application/apply-patch+yaml';

/** Objects are merged, everything else is replaced; of a subresource only that. */
function merged(before: KubeObject, patch: PlainObject, subresource: string | undefined): KubeObject {
  const change = subresource === undefined ? patch : { [subresource]: own(patch, subresource) };
  return { ...(deep(before, change) as KubeObject), metadata: mergedMetadata(before, patch, subresource) };
}

function mergedMetadata(
  before: KubeObject,
  patch: PlainObject,
  subresource: string | undefined,
): KubeObject['metadata'] {
  return subresource === undefined
    ? { ...before.metadata, ...asObject(own(patch, 'metadata')) }
    : before.metadata;
}

function deep(before: PlainObject, change: PlainObject): PlainObject {
  const entries = Object.entries(change).map(([key, value]): [string, unknown] => {
    const old = own(before, key);
    const isBoth = typeof value === 'object' && value !== null && !Array.isArray(value);
    return [key, isBoth ? deep(asObject(old), asObject(value)) : value];
  });
  return { ...before, ...Object.fromEntries(entries) };
}

const encoder = new TextEncoder();

const ok = (object: object, status = 200): KubeAnswer => ({ status, body: bodyOf(JSON.stringify(object)) });

const failed = (code: number, message: string): KubeAnswer => ({
  status: code,
  body: bodyOf(JSON.stringify({ kind: 'Status', code, message })),
});

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield encoder.encode(text);
}

async function silence(signal: AbortSignal): Promise<never> {
  return await new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
