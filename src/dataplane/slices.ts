import { yieldToEventLoop } from '../netlink/yield.ts';

/**
 * Calls `visit` for every item, giving way to the event loop after each `slice` of them: 1024 for work in memory, which takes
 * some 200 ns each, and ten times as much while the code is new; fewer where there are system calls. What is iterated may change
 * in between, as Map and Set allow.
 *
 * @throws the abort reason
 */
export async function inSlices<T>(
  items: Iterable<T>,
  signal: AbortSignal,
  visit: (item: T) => void,
  slice = 1024,
): Promise<void> {
  let count = 0;
  for (const item of items) {
    visit(item);
    if (++count % slice !== 0) continue;
    await yieldToEventLoop();
    signal.throwIfAborted();
  }
}
