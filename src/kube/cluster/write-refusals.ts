import type { Clock } from '../../ports/clock.ts';
import type { Problem } from '../../ports/problem.ts';
import type { KubeError } from './kube-api.ts';

/** Milliseconds of rest for a write that the server has refused; half of it at least. */
const PAUSE = 60_000;
/** Milliseconds after its rest in which a write that is still needed is tried again. */
const PATIENCE = 60_000;

interface Refusal {
  /** Monotonic, milliseconds. */
  readonly until: number;
  readonly error: KubeError;
}

/** The writes that the API server refuses, by name: each rests for a while, and people are told what is missing. */
export class WriteRefusals {
  readonly #clock: Clock;
  readonly #refusals = new Map<string, Refusal>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  refused(what: string, error: KubeError): void {
    const until = this.#clock.monotonic() + PAUSE * (0.5 + this.#clock.random() / 2);
    this.#refusals.set(what, { until, error });
  }

  accepted(what: string): void {
    this.#refusals.delete(what);
  }

  /** It rests. */
  holds(what: string): boolean {
    return this.#clock.monotonic() < (this.#refusals.get(what)?.until ?? Number.NEGATIVE_INFINITY);
  }

  /** Of one that has rested and was not tried again, nobody needs to know: what it was to say is not so any more. */
  problems(): readonly Problem[] {
    const now = this.#clock.monotonic();
    const needed = [...this.#refusals].filter(([, { until }]) => now < until + PATIENCE);
    return needed.map(([what, { error }]) => problemOf(what, error));
  }
}

/** Nothing that a node needs depends on what is written, so these are warnings. */
function problemOf(what: string, { code, message, status }: KubeError): Problem {
  const remedies: Readonly<Record<number, string>> = {
    403: 'apply the rules and the admission policy of this version: kubectl apply -f manifests/install.yaml',
    404: 'apply the CustomResourceDefinitions of Gryphon where they are missing: kubectl apply -k manifests/base/crds',
    422: 'apply the CustomResourceDefinitions of this version: kubectl apply -k manifests/base/crds',
  };
  return {
    code,
    severity: 'warning',
    subject: `writing: ${what}`,
    message,
    remedy: remedies[status ?? 0] ?? 'look into the log of the API server',
  };
}
