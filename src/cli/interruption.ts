import { LabError } from '../lab/error.ts';

/**
 * Ctrl-C ends the work in an orderly way. The clock's timers do not keep the process alive, so something else has to. (Not
 * `once`: execa looks whether somebody else listens, and would end the process where nobody does any more.)
 *
 * @throws LabError `GRY_LAB_INTERRUPTED`, also where the work failed because the terminal interrupted its commands too
 */
export async function interruptibly<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void =>
    controller.abort(
      new LabError('GRY_LAB_INTERRUPTED', 'interrupted', {
        remedy: '"gryphon lab down" removes what is there',
      }),
    );
  const alive = setInterval(() => {}, 60_000);
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    clearInterval(alive);
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** Ctrl-C belongs to the command in the foreground; we wait for its end. */
export async function withoutInterrupts<T>(work: () => Promise<T>): Promise<T> {
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  try {
    return await work();
  } finally {
    process.off('SIGINT', ignore);
  }
}
