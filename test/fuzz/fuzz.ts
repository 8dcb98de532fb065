/**
 * `node test/fuzz/fuzz.ts [MESSAGES] [SEED]`: whole BGP sessions, spoilt, until the speaker has looked at so many messages. Tells
 * its progress and ends with 1 and the shrunk cases when something is wrong. The cases run in a thread of their own, so that
 * one that hangs is seen and named.
 */
import { getHeapStatistics } from 'node:v8';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { generate } from './generate.ts';
import { report } from './report.ts';
import { run } from './run.ts';

/** Milliseconds that one case may take, most of them take a few; and between two lines of progress. */
const HANG = 60_000;
const PROGRESS = 5_000;
/** Octets that the heap may grow by from the first lines to the last. */
const MAX_GROWTH = 64 * 1024 * 1024;
/** Failures after which it is enough. */
const ENOUGH = 10;

interface Progress {
  readonly seed: number;
  readonly cases: number;
  readonly messages: number;
  readonly heap: number;
  readonly failure?: string;
}

interface Task {
  readonly messages: number;
  readonly seed: number;
}

/** Runs the cases and tells each; in the worker. */
async function work(
  { messages: wanted, seed: first }: Task,
  tell: (progress: Progress) => void,
): Promise<void> {
  let messages = 0;
  let failures = 0;
  for (let cases = 1; messages < wanted && failures < ENOUGH; cases++) {
    const seed = first + cases - 1;
    tell({ seed, cases, messages, heap: getHeapStatistics().used_heap_size });
    const outcome = await run(generate(seed));
    messages += outcome.messages;
    if (outcome.complaints.length === 0) continue;
    failures++;
    tell({
      seed,
      cases,
      messages,
      heap: 0,
      failure: (await report(seed)) ?? `seed ${seed} fails only sometimes`,
    });
  }
  tell({ seed: 0, cases: 0, messages, heap: getHeapStatistics().used_heap_size });
}

function watch(task: Task): void {
  console.log(`${task.messages} messages, from seed ${task.seed}`);
  const worker = new Worker(new URL(import.meta.url), { workerData: task });
  const began = performance.now();
  const failures: string[] = [];
  const heaps: number[] = [];
  let last: Progress = { seed: task.seed, cases: 0, messages: 0, heap: 0 };
  let heard = began;
  worker.on('message', (progress: Progress) => {
    heard = performance.now();
    if (progress.failure !== undefined) {
      failures.push(progress.failure);
      console.log(progress.failure);
    }
    last = { ...progress, cases: Math.max(progress.cases, last.cases) };
  });
  const line = (): void => {
    const { cases, messages, heap } = last;
    const seconds = (performance.now() - began) / 1000;
    if (heap > 0) heaps.push(heap);
    console.log(
      `${Math.round(seconds)} s: ${messages} messages in ${cases} cases, ${Math.round(messages / seconds)}/s, heap ${Math.round(heap / 1024 / 1024)} MB, ${failures.length} failures`,
    );
  };
  const timer = setInterval(() => {
    line();
    if (performance.now() - heard < HANG) return;
    console.log(`seed ${last.seed} hangs`);
    process.exit(1);
  }, PROGRESS);
  worker.on('exit', () => {
    clearInterval(timer);
    line();
    const growth = lowest(heaps.slice(-10)) - lowest(heaps.slice(0, 10));
    if (growth > MAX_GROWTH) failures.push(`the heap grew by ${Math.round(growth / 1024 / 1024)} MB`);
    console.log(failures.length === 0 ? 'nothing is wrong' : `${failures.length} failures`);
    process.exitCode = failures.length === 0 ? 0 : 1;
  });
}

/** The least of several is what is left after the garbage collector has been there. */
const lowest = (heaps: readonly number[]): number => (heaps.length === 0 ? 0 : Math.min(...heaps));

if (isMainThread) {
  const [messages = '1000000', seed = String(Math.floor(Math.random() * 2 ** 31))] = process.argv.slice(2);
  watch({ messages: Number(messages), seed: Number(seed) });
} else {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is of windows, this is a thread
  await work(workerData as Task, (progress) => parentPort?.postMessage(progress));
}
