import { Readable } from 'node:stream';
import { inTurns } from './turns.ts';

export interface ListOptions<T> {
  /** How many items go out at most; whether there were more is told by `truncated`. */
  readonly limit: number;
  /** What goes out for an item; undefined: nothing. */
  readonly select: (item: T) => object | undefined;
  /** The source threw; the answer has begun already, so it is cut off. */
  readonly onError: (error: unknown) => void;
}

/**
 * `{"items":[…],"truncated":…}` as a stream: a hundred thousand items are selected and rendered in slices with turns of the
 * event loop between them, and no faster than the reader takes them.
 */
export function listStream<T>(source: Iterable<T>, options: ListOptions<T>): Readable {
  return Readable.from(chunks(source, options), { objectMode: false });
}

async function* chunks<T>(source: Iterable<T>, options: ListOptions<T>): AsyncGenerator<string, void, void> {
  const { limit, select, onError } = options;
  let count = 0;
  yield '{"items":[';
  try {
    for await (const slice of inTurns(source)) {
      const items = slice.map(select).filter((item) => item !== undefined);
      const texts = items.slice(0, limit - count).map((item) => JSON.stringify(item));
      if (texts.length > 0) yield (count === 0 ? '' : ',') + texts.join(',');
      count += items.length;
      if (count > limit) break;
    }
  } catch (error) {
    onError(error);
    throw error;
  }
  yield `],"truncated":${count > limit}}`;
}
