import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';

const textOf = ({ code, subject, message }: Problem): string => `${code} ${subject} ${message}`;

/** Logs every problem once, when it appears. */
export class ProblemLog {
  readonly #log: Log;
  readonly #message: string;
  #known: ReadonlySet<string> = new Set();

  /** `message` is what each line says: `problem in the manifests`. */
  constructor(log: Log, message: string) {
    this.#log = log;
    this.#message = message;
  }

  /** These are the problems of now. */
  take(problems: readonly Problem[]): void {
    for (const problem of problems) {
      if (!this.#known.has(textOf(problem))) this.#log.warn(this.#message, { ...problem });
    }
    this.#known = new Set(problems.map(textOf));
  }
}
