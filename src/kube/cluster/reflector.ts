import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { isPlainObject, type PlainObject } from '../records/plain.ts';
import { Backoff, sleep } from './backoff.ts';
import type { Contact } from './contact.ts';
import { type KubeAnswer, type KubeApi, KubeError, type KubeErrorCode } from './kube-api.ts';
import { readLines } from './line-reader.ts';
import { type ListEnd, ListSplitter } from './list-splitter.ts';
import { type ReflectorStatus, type WatchEnd, watchEndOf } from './reflector-status.ts';
import { refusal } from './refusal.ts';
import { Silence } from './silence.ts';
import type { Turns } from './turns.ts';
import { isOlder, nameOf, parse, parseWatchEvent, type WatchEvent } from './watch-event.ts';

/** Where the objects of one resource go. */
export interface ReflectorSink<T> {
  /** These are all; called with a complete list only. */
  replace(objects: ReadonlyMap<string, T>): void;
  /** One has come or changed; undefined: it is gone. Never before the first `replace`. */
  put(name: string, object: T | undefined): void;
}

export interface ReflectorOptions<T> {
  /** For people: `nodes`. */
  readonly name: string;
  /** Path of the collection: `/api/v1/nodes`. */
  readonly path: string;
  /** `metadata.name=tor-password`: only these. */
  readonly fieldSelector?: string;
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly log: Log;
  readonly turns: Turns;
  /** Shared by all reflectors of one server. */
  readonly contact: Contact;
  /** Makes what is kept of an object. Never throws, and keeps nothing of its argument but short texts. */
  readonly parse: (object: PlainObject) => T;
  readonly sink: ReflectorSink<T>;
  /** `status` has become another one than it was in kind: followed again, failing, failing otherwise. */
  readonly onStatus: () => void;
}

/** Objects per page of a list. */
const PAGE = 500;
/** Seconds for which the server is asked to keep a watch open: a random time, so that not all agents come back at once. */
const WATCH_TIME = { least: 300, most: 600 };
/** Milliseconds. Bookmarks come at least every 75 s while nothing happens. */
const WATCH_SILENCE = 90_000;
const LIST_SILENCE = 30_000;
/** Milliseconds that a watch must have lived for the next pause to be short again. */
const LIVED = 10_000;
/** Watches in a row that told nothing, after which the version that they started from is not believed in any more. */
const FRUITLESS = 3;
/** How a watch fails that was to begin with a list, and came to nothing although the server is there. */
const broken: ReadonlySet<string> = new Set<KubeErrorCode>([
  'GRY_KUBE_SILENT',
  'GRY_KUBE_ENDED',
  'GRY_KUBE_TRUNCATED',
  'GRY_KUBE_GARBAGE',
]);
/** Refusals in a row that may be of a server which has only just started: it forbids everything until it has read its rules. */
const FLEETING = 3;
/** After those, milliseconds between two questions for what the server refuses or does not have; half of it at least. */
const REFUSED_PAUSE = 60_000;
/** Milliseconds: what a server may ask for with `Retry-After`. */
const LONGEST_RETRY_AFTER = 60_000;

/**
 * Keeps a copy of one resource of the API server: a complete list, in pages or as the beginning of a watch (`sendInitialEvents`), then
 * the changes. Whatever goes wrong, it goes on from the last version that it knows, after a pause; only a version that the server
 * has forgotten, or that leads nowhere, is a reason for a new list. Everything happens in one chain of awaits, so there is never
 * more than one request.
 */
export class Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  /** After attempts that the server did not answer, and after those that it did: one that is back is as good as new. */
  readonly #away: Backoff;
  readonly #trouble: Backoff;
  /** The server has answered in this attempt, whatever it said. */
  #answered = false;
  /** Where the next watch starts; undefined: at a new list. */
  #version: string | undefined;
  /** Ask for lists as the beginning of a watch. */
  #streams: 'yes' | 'not now' | 'never' = 'yes';
  #names = new Set<string>();
  #fruitless = 0;
  #refusals = 0;
  #synced = false;
  #following = false;
  #lastGood: number | undefined;
  #failure: ReflectorStatus['failure'];
  #lists = 0;
  readonly #ends = new Map<WatchEnd, number>();

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#away = new Backoff(options.clock);
    this.#trouble = new Backoff(options.clock);
  }

  get status(): ReflectorStatus {
    return {
      name: this.#options.name,
      synced: this.#synced,
      ...(this.#lastGood !== undefined && { lastGood: this.#lastGood }),
      ...(this.#failure !== undefined && { failure: this.#failure }),
      objects: this.#names.size,
      lists: this.#lists,
      watchEnds: this.#ends,
    };
  }

  /** Works until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const start = this.#options.clock.monotonic();
      this.#answered = false;
      const error = await this.#attempt(signal);
      if (this.#following) this.#lose(start);
      if (signal.aborted) return;
      if (error === undefined) continue;
      this.#fail(error);
      await this.#rest(error, signal);
    }
  }

  /** A list if one is needed, and a watch; answers why it ended, or undefined when its time was over. */
  async #attempt(signal: AbortSignal): Promise<KubeError | undefined> {
    try {
      if (this.#version === undefined && this.#streams !== 'yes') {
        await this.#list(signal);
        if (this.#streams === 'not now') this.#streams = 'yes';
      }
      await this.#watch(signal);
      this.#count('timeout');
      return undefined;
    } catch (thrown) {
      const error = thrown instanceof KubeError ? thrown : unexpected(thrown);
      if (!signal.aborted) this.#learnFrom(error);
      return error;
    }
  }

  /** What a failure says of the next attempt. */
  #learnFrom(error: KubeError): void {
    this.#count(watchEndOf(error));
    const isMistake = error.code === 'GRY_KUBE_REFUSED' && (error.status === 400 || error.status === 422);
    if (this.#version === undefined) {
      if (this.#streams !== 'yes') return;
      // Servers without the feature refuse the parameters of a watch that begins with a list, or (before 1.27) one of them.
      if (isMistake) this.#streams = 'never';
      else if (broken.has(error.code)) this.#streams = 'not now';
      return;
    }
    if (isMistake) this.#fruitless++;
    if (error.code === 'GRY_KUBE_EXPIRED' || this.#fruitless >= FRUITLESS) this.#version = undefined;
  }

  async #list(signal: AbortSignal): Promise<void> {
    const objects = new Map<string, T>();
    let end = await this.#page(objects, signal, { limit: String(PAGE) });
    while (end.next !== undefined) {
      try {
        end = await this.#page(objects, signal, { limit: String(PAGE), continue: end.next });
      } catch (error) {
        if (!(error instanceof KubeError) || error.code !== 'GRY_KUBE_EXPIRED') throw error;
        // The pages took longer than the server remembers: the whole list at once, of which we hold no more than of a page.
        objects.clear();
        end = await this.#page(objects, signal, {});
        if (end.next !== undefined)
          throw new KubeError('GRY_KUBE_GARBAGE', 'the API server cuts into pages what was to be whole');
      }
    }
    this.#lists++;
    this.#replace(objects, end.resourceVersion);
  }

  async #page(
    objects: Map<string, T>,
    signal: AbortSignal,
    parameters: Readonly<Record<string, string>>,
  ): Promise<ListEnd> {
    const { turns } = this.#options;
    const splitter = new ListSplitter();
    using silence = new Silence(this.#options.clock, LIST_SILENCE, signal);
    const answer = await this.#get(parameters, silence);
    for await (const chunk of turns.slice(silence.listen(answer.body))) {
      for (const text of splitter.push(chunk)) {
        const object = parse(text);
        if (!isPlainObject(object)) throw new KubeError('GRY_KUBE_GARBAGE', 'an item is not an object');
        objects.set(nameOf(object), this.#options.parse(object));
        await turns.give();
      }
    }
    silence.signal.throwIfAborted();
    return splitter.end();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { clock, turns } = this.#options;
    const seconds = WATCH_TIME.least + Math.floor(clock.random() * (WATCH_TIME.most - WATCH_TIME.least + 1));
    const parameters = { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(seconds) };
    const from: Readonly<Record<string, string>> =
      this.#version === undefined
        ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
        : { resourceVersion: this.#version };
    using silence = new Silence(clock, WATCH_SILENCE, signal);
    const start = clock.monotonic();
    const answer = await this.#get({ ...parameters, ...from }, silence);
    let building = this.#version === undefined ? new Map<string, T>() : undefined;
    this.#fruitless++;
    if (building === undefined) this.#follow();
    for await (const line of readLines(turns.slice(silence.listen(answer.body)))) {
      const event = parseWatchEvent(line);
      building = building === undefined ? this.#take(event) : this.#build(building, event);
      await turns.give();
    }
    silence.signal.throwIfAborted();
    if (building !== undefined || clock.monotonic() - start < (seconds - 1) * 1000) throw ended();
  }

  /** One of the events with which a list begins that comes as a watch; answers undefined when the list is complete. */
  #build(objects: Map<string, T>, event: WatchEvent): Map<string, T> | undefined {
    if (event.kind === 'bookmark') {
      // A server that takes no notice of `sendInitialEvents` would be waited for in vain.
      if (!event.initialEnd) throw noInitialEvents();
      this.#lists++;
      this.#replace(objects, event.version);
      this.#follow();
      return undefined;
    }
    if (event.kind === 'put') objects.set(event.name, this.#options.parse(event.object));
    else objects.delete(event.name);
    return objects;
  }

  #take(event: WatchEvent): undefined {
    const { sink, clock } = this.#options;
    // A server never goes back, unless it was restored from a backup: then nothing that we know is certain.
    if (event.kind === 'bookmark' && this.#version !== undefined && isOlder(event.version, this.#version))
      throw new KubeError('GRY_KUBE_EXPIRED', `the API server has gone back to version ${event.version}`);
    this.#version = event.version;
    this.#fruitless = 0;
    this.#lastGood = clock.now();
    if (event.kind === 'put') {
      this.#names.add(event.name);
      sink.put(event.name, this.#options.parse(event.object));
    } else if (event.kind === 'delete') {
      this.#names.delete(event.name);
      sink.put(event.name, undefined);
    }
  }

  #replace(objects: ReadonlyMap<string, T>, version: string | undefined): void {
    this.#version = version;
    this.#fruitless = 0;
    this.#synced = true;
    this.#names = new Set(objects.keys());
    this.#lastGood = this.#options.clock.now();
    this.#options.sink.replace(objects);
  }

  /** The copy is complete and the changes are coming. */
  #follow(): void {
    const wasFailing = this.#failure !== undefined;
    this.#following = true;
    this.#options.contact.join();
    this.#failure = undefined;
    this.#lastGood = this.#options.clock.now();
    if (!wasFailing) return;
    this.#options.log.info('following again', { resource: this.#options.name });
    this.#options.onStatus();
  }

  /** The watch that began at `start` (monotonic) tells changes no longer. */
  #lose(start: number): void {
    this.#following = false;
    this.#refusals = 0;
    this.#options.contact.leave();
    if (this.#options.clock.monotonic() - start < LIVED) return;
    this.#away.reset();
    this.#trouble.reset();
  }

  #fail(error: KubeError): void {
    const { clock, log, name } = this.#options;
    const before = this.#failure;
    this.#failure = { error, since: before?.since ?? clock.now() };
    // The server does not know the resource, so there are no objects of it: all that is to be known.
    if (error.code === 'GRY_KUBE_ABSENT' && !this.#synced) this.#replace(new Map(), undefined);
    if (before?.error.message !== error.message) {
      const isNews = before === undefined || before.error.code !== error.code;
      log[isNews ? 'warn' : 'debug']('cannot follow a resource', { resource: name, error: error.message });
    }
    this.#options.onStatus();
  }

  /** What the server itself asks for is kept to; any other pause may end with the first contact. */
  async #rest(error: KubeError, signal: AbortSignal): Promise<void> {
    const { clock, contact } = this.#options;
    const pause = (this.#answered ? this.#trouble : this.#away).next();
    const isRefused = error.code === 'GRY_KUBE_FORBIDDEN' || error.code === 'GRY_KUBE_ABSENT';
    this.#refusals = isRefused ? this.#refusals + 1 : 0;
    if (this.#refusals > FLEETING) await sleep(clock, REFUSED_PAUSE * (0.5 + clock.random() / 2), signal);
    else if (error.retryAfter !== undefined)
      await sleep(clock, Math.min(error.retryAfter, LONGEST_RETRY_AFTER) + pause, signal);
    else if (await contact.pause(pause, signal)) this.#away.reset();
  }

  async #get(parameters: Readonly<Record<string, string>>, silence: Silence): Promise<KubeAnswer> {
    const { api, path, fieldSelector } = this.#options;
    const query = new URLSearchParams({
      ...parameters,
      ...(fieldSelector !== undefined && { fieldSelector }),
    });
    const answer = await api.send({ method: 'GET', path: `${path}?${query}` }, silence.signal);
    this.#answered = true;
    if (answer.status === 200) return answer;
    throw await refusal({ ...answer, body: silence.listen(answer.body) });
  }

  #count(end: WatchEnd): void {
    this.#ends.set(end, (this.#ends.get(end) ?? 0) + 1);
  }
}

const noInitialEvents = (): KubeError =>
  new KubeError(
    'GRY_KUBE_GARBAGE',
    'the API server begins a watch without the objects that it was asked for',
  );

const ended = (): KubeError =>
  new KubeError('GRY_KUBE_ENDED', 'the API server has ended the watch before its time');

/** Nothing but `KubeError` is expected, but a reflector must not stop for ever. */
const unexpected = (cause: unknown): KubeError =>
  new KubeError('GRY_KUBE_UNREACHABLE', cause instanceof Error ? cause.message : String(cause), { cause });
