/**
 * Runs operations of one key one after the other, in the order of their coming, and of different keys in parallel, at most
 * `limit` at once: after a reboot hundreds of calls come together.
 */
export class OperationQueue {
  readonly #limit: number;
  readonly #tails = new Map<string, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  run<T>(key: string, operation: () => Promise<T>): Promise<T> {
    return this.#append(key, async () => {
      await this.#enter();
      try {
        return await operation();
      } finally {
        this.#leave();
      }
    });
  }

  /** In its turn like the others, but beside the limit: for what mostly waits for the kernel. */
  runUnlimited<T>(key: string, operation: () => Promise<T>): Promise<T> {
    return this.#append(key, operation);
  }

  /** Whether something of the key runs or waits. */
  has(key: string): boolean {
    return this.#tails.has(key);
  }

  async #append<T>(key: string, operation: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const result = before.then(operation);
    const tail = result.then(nothing, nothing);
    this.#tails.set(key, tail);
    try {
      return await result;
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }

  /** Resolves when nothing runs or waits. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) {
      await Promise.all(this.#tails.values());
      // The entries are removed by whoever waits for the result, in a later microtask.
      await Promise.resolve();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#limit) {
      this.#running++;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** The slot goes to the next one directly, so that nobody who comes now gets ahead. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}

const nothing = (): void => {};
