import type { Log } from '../ports/log.ts';
import { RunError, type Runner } from '../ports/runner.ts';

/**
 * The kernel has two packet filters for iptables, which do not see each other's rules: the program comes in a variant for each.
 * `default`: no variants are installed, the plain names must do.
 */
export type Backend = 'nft' | 'legacy' | 'default';

/** The name of one of the programs: `iptables-nft-save`, `ip6tables-restore`. */
export function programName(backend: Backend, family: 4 | 6, verb: 'save' | 'restore'): string {
  const base = family === 4 ? 'iptables' : 'ip6tables';
  return backend === 'default' ? `${base}-${verb}` : `${base}-${backend}-${verb}`;
}

/** What the save programs of a variant print for both families; undefined: the variant is not installed. */
export type Saves = string | undefined;

/**
 * Chooses as Kubernetes' iptables-wrappers do, so that all programs of a node agree: the chains that the kubelet makes as
 * a hint, looked for in nft first; else the variant with more rules; nft when that is even.
 */
export function chooseBackend(nft: Saves, legacy: Saves): Backend {
  if (nft === undefined || legacy === undefined) {
    if (nft !== undefined) return 'nft';
    return legacy === undefined ? 'default' : 'legacy';
  }
  if (hasHint(nft)) return 'nft';
  if (hasHint(legacy)) return 'legacy';
  return countRules(legacy) > countRules(nft) ? 'legacy' : 'nft';
}

const hasHint = (saves: string): boolean => /^:(KUBE-IPTABLES-HINT|KUBE-KUBELET-CANARY) /m.test(saves);
const countRules = (saves: string): number => saves.match(/^-A /gm)?.length ?? 0;

const SAVE_TIMEOUT_MS = 30_000;
const SAVE_OUTPUT = 256 << 20;

/** Looks once and remembers: a node does not change its backend while it runs, and our rules must not be in both. */
export class BackendProbe {
  readonly #runner: Runner;
  readonly #log: Log;
  #backend: Backend | undefined;

  constructor(options: { readonly runner: Runner; readonly log: Log }) {
    this.#runner = options.runner;
    this.#log = options.log.component('iptables');
  }

  /** @throws the reason of `signal` when aborted */
  async detect(signal: AbortSignal): Promise<Backend> {
    if (this.#backend !== undefined) return this.#backend;
    const backend = chooseBackend(
      await savesOf('nft', this.#runner, signal),
      await savesOf('legacy', this.#runner, signal),
    );
    // Not remembered when nothing is installed: the programs may come later.
    if (backend !== 'default') {
      this.#backend = backend;
      this.#log.info('iptables backend chosen', { backend });
    }
    return backend;
  }
}

/** The packet filters whose programs are here; the plain names where there are no variants. @throws the reason of `signal` */
export async function installedBackends(runner: Runner, signal: AbortSignal): Promise<readonly Backend[]> {
  const found: Backend[] = [];
  for (const variant of ['nft', 'legacy'] as const)
    if ((await savesOf(variant, runner, signal)) !== undefined) found.push(variant);
  return found.length === 0 ? ['default'] : found;
}

/** Without `-t`: naming a table makes the kernel load it, and a loaded legacy table is what others take for a sign of legacy. */
async function savesOf(variant: 'nft' | 'legacy', runner: Runner, signal: AbortSignal): Promise<Saves> {
  const texts: string[] = [];
  for (const family of [4, 6] as const) {
    const file = programName(variant, family, 'save');
    try {
      const result = await runner.run({
        file,
        args: [],
        timeoutMs: SAVE_TIMEOUT_MS,
        maxOutput: SAVE_OUTPUT,
        signal,
      });
      texts.push(result.stdout);
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      // A variant that is there but does not work on this kernel holds no rules.
      if (error.code !== 'GRY_RUN_MISSING') texts.push('');
    }
  }
  return texts.length === 0 ? undefined : texts.join('\n');
}
