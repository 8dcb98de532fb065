interface Waiting<T, R> {
  readonly item: T;
  readonly settle: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/** Does for many at one go what costs as much for one: what is asked for while it is under way is gathered for the next time. */
export class Gatherer<T, R> {
  readonly #carryOut: (items: readonly T[]) => Promise<readonly R[]>;
  #waiting: Waiting<T, R>[] = [];
  #busy = false;

  /** `carryOut` gives the results in the order of the items. What it throws, all who asked for them are told. */
  constructor(carryOut: (items: readonly T[]) => Promise<readonly R[]>) {
    this.#carryOut = carryOut;
  }

  ask(item: T): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    this.#waiting.push({ item, settle: resolve, reject });
    if (!this.#busy) void this.#work();
    return promise;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const together = this.#waiting;
      this.#waiting = [];
      try {
        const results = await this.#carryOut(together.map(({ item }) => item));
        for (const [i, result] of results.entries()) together[i]?.settle(result);
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    this.#busy = false;
  }
}
