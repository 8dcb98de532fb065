import {
  type KubeAnswer,
  type KubeApi,
  KubeError,
  type KubeRequest,
} from '../../src/kube/cluster/kube-api.ts';
import { asObject, type PlainObject } from '../../src/kube/records/plain.ts';

/** An object of the API as far as the fake looks at it. */
export interface KubeObject {
  readonly metadata: { readonly name: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** What the next request comes to instead of its answer. */
export type Mishap =
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly reason?: string;
      readonly retryAfter?: number;
    }
  | { readonly kind: 'unreachable' }
  /** The answer, in which these octets stand in place of everything from the second half on. */
  | { readonly kind: 'spoilt'; readonly by: string }
  /** The head of an answer, then nothing for ever. */
  | { readonly kind: 'silent' };

interface Change {
  readonly version: number;
  readonly path: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

interface Watcher {
  readonly path: string;
  readonly selector: string | undefined;
  send(line: string): void;
  end(error?: Error): void;
}

const encoder = new TextEncoder();

/**
 * An API server in memory behind the port: collections with resource versions, pages, watches with bookmarks and, unless turned off,
 * initial events; its memory of changes can be compacted, it can go down, restart, and be restored from a backup.
 */
export class FakeKube implements KubeApi {
  /** `GET /api/v1/nodes?limit=500`, in the order in which they came. */
  readonly requests: string[] = [];
  /** Bodies of writes, in order. */
  readonly writes: KubeRequest[] = [];
  /** Requests that are being answered, and the most lists of one collection at the same time. */
  mostLists = 0;
  streamsLists: boolean;
  pageLimit = Number.POSITIVE_INFINITY;
  down = false;
  /** Collections that may not be read, and those that do not exist. */
  readonly forbidden = new Set<string>();
  readonly absent = new Set<string>();
  /** By path: the status with which it is always answered. */
  readonly failing = new Map<string, number>();
  /** For the next requests, one each. */
  readonly mishaps: Mishap[] = [];
  #version = 100;
  #compacted = 0;
  #collections = new Map<string, Map<string, KubeObject>>();
  #changes: Change[] = [];
  #watchers = new Set<Watcher>();
  #lists = 0;

  constructor(options: { readonly streamsLists?: boolean } = {}) {
    this.streamsLists = options.streamsLists ?? true;
  }

  get version(): string {
    return String(this.#version);
  }

  get watches(): number {
    return this.#watchers.size;
  }

  objects(path: string): ReadonlyMap<string, KubeObject> {
    return this.#collections.get(path) ?? new Map();
  }

  /** Creates or replaces an object. */
  put(path: string, object: KubeObject): void {
    const collection = this.#collections.get(path) ?? new Map<string, KubeObject>();
    this.#collections.set(path, collection);
    const type = collection.has(object.metadata.name) ? 'MODIFIED' : 'ADDED';
    const stored = this.#stamp(object);
    collection.set(object.metadata.name, stored);
    this.#tell({ version: this.#version, path, type, object: stored });
  }

  delete(path: string, name: string): void {
    const object = this.#collections.get(path)?.get(name);
    if (object === undefined) return;
    this.#collections.get(path)?.delete(name);
    const last = this.#stamp(object);
    this.#tell({ version: this.#version, path, type: 'DELETED', object: last });
  }

  /** To every watch. */
  bookmark(): void {
    for (const watcher of this.#watchers) watcher.send(bookmark(this.#version));
  }

  /** Ends all connections; watches in order, or as if a cable were cut. */
  restart(how: 'ended' | 'cut' = 'ended'): void {
    const error = new KubeError('GRY_KUBE_UNREACHABLE', 'the connection broke');
    for (const watcher of this.#watchers) watcher.end(how === 'cut' ? error : undefined);
  }

  /** Forgets all changes until now: older versions are answered with 410. */
  compact(): void {
    this.#compacted = this.#version;
    this.#changes = [];
  }

  /**
   * Everything as `backup` said. Versions go on `bump` after those given until now and older ones are forgotten, as etcd's own
   * restore does when it is asked to; without, they begin again where the backup was made.
   */
  restore(backup: ReturnType<FakeKube['backup']>, bump?: number): void {
    this.restart('cut');
    this.#collections = new Map([...backup.collections].map(([path, objects]) => [path, new Map(objects)]));
    this.#version = bump === undefined ? backup.version : this.#version + bump;
    this.#changes = [];
    this.#compacted = this.#version;
  }

  backup(): { readonly collections: Map<string, Map<string, KubeObject>>; readonly version: number } {
    const collections = new Map([...this.#collections].map(([path, objects]) => [path, new Map(objects)]));
    return { collections, version: this.#version };
  }

  /** A line to every watch, as it stands. */
  say(line: string): void {
    for (const watcher of this.#watchers) watcher.send(line);
  }

  send(request: KubeRequest, signal: AbortSignal): Promise<KubeAnswer> {
    this.requests.push(`${request.method} ${request.path}`);
    try {
      signal.throwIfAborted();
      return Promise.resolve(this.#answer(request, signal));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #answer(request: KubeRequest, signal: AbortSignal): KubeAnswer {
    const mishap = this.mishaps.shift();
    if (this.down || mishap?.kind === 'unreachable')
      throw new KubeError('GRY_KUBE_UNREACHABLE', 'connection refused');
    if (mishap?.kind === 'refused')
      return refused(mishap.status, mishap.reason ?? 'as the test wants', mishap.retryAfter);
    const { pathname, searchParams } = new URL(request.path, 'http://kube');
    if (this.forbidden.has(pathname)) return refused(403, `cannot list ${pathname}`);
    const failure = this.failing.get(pathname);
    if (failure !== undefined) return refused(failure, 'as the test wants');
    if (this.absent.has(pathname)) return refused(404, 'the server could not find the requested resource');
    if (request.method !== 'GET') {
      this.writes.push(request);
      return { status: request.method === 'POST' ? 201 : 200, body: textBody('{}', signal) };
    }
    if (mishap?.kind === 'silent') return { status: 200, body: nothing(signal) };
    const answer =
      searchParams.get('watch') === 'true'
        ? this.#watch(pathname, searchParams, signal)
        : this.#list(pathname, searchParams, signal);
    return mishap?.kind === 'spoilt' ? { ...answer, body: spoil(answer.body, mishap.by) } : answer;
  }

  #list(path: string, parameters: URLSearchParams, signal: AbortSignal): KubeAnswer {
    const [version, offset] = (parameters.get('continue') ?? `${this.#version}:0`).split(':').map(Number) as [
      number,
      number,
    ];
    if (version < this.#compacted) return refused(410, 'The provided continue parameter is too old');
    const selector = selectorOf(parameters);
    const all = [...this.objects(path).values()].filter(
      (o) => selector === undefined || o.metadata.name === selector,
    );
    const limit = Math.min(Number(parameters.get('limit') ?? all.length), this.pageLimit);
    const isWhole = parameters.get('limit') === null;
    const end = isWhole ? all.length : offset + limit;
    const metadata = {
      resourceVersion: String(version),
      ...(end < all.length && { continue: `${version}:${end}` }),
    };
    const list = { kind: 'FakeList', apiVersion: 'v1', metadata, items: all.slice(offset, end) };
    return { status: 200, body: this.#counted(textBody(JSON.stringify(list), signal)) };
  }

  async *#counted(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    this.mostLists = Math.max(this.mostLists, ++this.#lists);
    try {
      yield* body;
    } finally {
      this.#lists--;
    }
  }

  #watch(path: string, parameters: URLSearchParams, signal: AbortSignal): KubeAnswer {
    const selector = selectorOf(parameters);
    const from = parameters.get('resourceVersion');
    if (parameters.get('sendInitialEvents') === 'true') {
      if (!this.streamsLists) return refused(422, 'sendInitialEvents is forbidden for watch');
      const all = [...this.objects(path).values()].filter(
        (o) => selector === undefined || o.metadata.name === selector,
      );
      const lines = all.map((object) => JSON.stringify({ type: 'ADDED', object }));
      return {
        status: 200,
        body: this.#queue(path, selector, [...lines, bookmark(this.#version, true)], signal),
      };
    }
    if (Number(from) < this.#compacted) {
      const body = textBody(
        `${JSON.stringify({ type: 'ERROR', object: status(410, 'too old resource version') })}\n`,
        signal,
      );
      return { status: 200, body };
    }
    if (Number(from) > this.#version) return { status: 200, body: this.#queue(path, selector, [], signal) };
    const missed = this.#changes.filter((c) => c.version > Number(from) && matches(c, path, selector));
    return { status: 200, body: this.#queue(path, selector, missed.map(lineOf), signal) };
  }

  /** A body to which changes are added, from this moment on, until it ends. */
  #queue(
    path: string,
    selector: string | undefined,
    lines: readonly string[],
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const waiting = [...lines];
    let wake = (): void => {};
    let end: { readonly error: Error | undefined } | undefined;
    const watcher: Watcher = {
      path,
      selector,
      send: (line) => {
        waiting.push(line);
        wake();
      },
      end: (error) => {
        end = { error };
        this.#watchers.delete(watcher);
        wake();
      },
    };
    const abort = (): void => {
      this.#watchers.delete(watcher);
      wake();
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#watchers.add(watcher);
    const leave = (): void => {
      signal.removeEventListener('abort', abort);
      this.#watchers.delete(watcher);
    };
    return (async function* told() {
      try {
        for (;;) {
          signal.throwIfAborted();
          const line = waiting.shift();
          if (line !== undefined) yield encoder.encode(`${line}\n`);
          else if (end?.error !== undefined) throw end.error;
          else if (end !== undefined) return;
          else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        leave();
      }
    })();
  }

  #stamp(object: KubeObject): KubeObject {
    this.#version++;
    const metadata = {
      ...object.metadata,
      resourceVersion: String(this.#version),
      managedFields: [{ manager: 'x' }],
    };
    return { ...object, metadata };
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    for (const watcher of this.#watchers) {
      if (matches(change, watcher.path, watcher.selector)) watcher.send(lineOf(change));
    }
  }
}

const matches = (change: Change, path: string, selector: string | undefined): boolean =>
  change.path === path && (selector === undefined || change.object.metadata.name === selector);

const lineOf = ({ type, object }: Change): string => JSON.stringify({ type, object });

function bookmark(version: number, initialEnd = false): string {
  const annotations = initialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
  return JSON.stringify({
    type: 'BOOKMARK',
    object: { metadata: { resourceVersion: String(version), ...annotations } },
  });
}

const status = (code: number, message: string): PlainObject => ({
  kind: 'Status',
  apiVersion: 'v1',
  code,
  message,
});

function refused(code: number, message: string, retryAfter?: number): KubeAnswer {
  const body = textBody(JSON.stringify(status(code, message)), new AbortController().signal);
  return { status: code, body, ...(retryAfter !== undefined && { retryAfter }) };
}

/** Octets: so that texts are cut at any place. */
const PART = 1400;

/** In small parts, as a network would. */
async function* textBody(text: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const octets = encoder.encode(text);
  for (let i = 0; i < octets.length; i += PART) {
    signal.throwIfAborted();
    await Promise.resolve();
    yield octets.subarray(i, i + PART);
  }
}

async function* spoil(body: AsyncIterable<Uint8Array>, by: string): AsyncGenerator<Uint8Array> {
  for await (const part of body) {
    yield part.subarray(0, part.length / 2);
    yield encoder.encode(by);
    return;
  }
}

const selectorOf = (parameters: URLSearchParams): string | undefined =>
  parameters.get('fieldSelector')?.replace('metadata.name=', '');

/** A Node as the API writes it, with more than anybody needs. */
export function kubeNode(
  name: string,
  podCIDRs: readonly string[],
  address: string,
  more: PlainObject = {},
): KubeObject {
  return {
    kind: 'Node',
    apiVersion: 'v1',
    metadata: { name, uid: `uid-${name}`, labels: { 'kubernetes.io/os': 'linux' } },
    spec: { podCIDR: podCIDRs[0], podCIDRs, ...asObject(more.spec) },
    status: {
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
      conditions: [{ type: 'Ready', status: 'True', message: 'kubelet is posting "ready" status {[' }],
      images: [{ names: ['registry.k8s.io/pause:3.10'], sizeBytes: 320_368 }],
      ...asObject(more.status),
    },
  };
}

async function* nothing(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  await new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  yield new Uint8Array();
}
