import { setImmediate } from 'node:timers/promises';

/** How many items are handled before everybody else gets a turn: well under a millisecond of work. */
const SLICE = 256;

/** Lets everything else that is ready run first. */
export const turn = async (): Promise<void> => setImmediate();

/** Gives `source` in slices, with a turn of the event loop after each, so that no length of it holds up a keepalive. */
export async function* inTurns<T>(
  source: Iterable<T>,
  size = SLICE,
): AsyncGenerator<readonly T[], void, void> {
  let slice: T[] = [];
  for (const item of source) {
    if (slice.push(item) < size) continue;
    yield slice;
    slice = [];
    await turn();
  }
  if (slice.length > 0) yield slice;
}
