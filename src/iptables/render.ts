/** From the model to the words of iptables. Pure; whatever could break out of its place is refused by `names.ts`. */
import { parsePrefix } from '../net/prefix.ts';
import { IptablesError } from './errors.ts';
import { chainHashes, markOf } from './hash.ts';
import type { Chain, Jump, KernelChain, Match, Rule, TableIntent, Target } from './model.ts';
import { checked } from './names.ts';

/** A rule as it is written after `-A CHAIN `, with its mark. */
export interface RenderedRule {
  readonly hash: string;
  readonly spec: string;
}

/** The jumps of ours in one chain of the kernel. */
export interface RenderedJumps {
  readonly inserted: readonly RenderedRule[];
  readonly appended: readonly RenderedRule[];
  /** Chains of others whose jumps must stand before those that are appended. */
  readonly after: ReadonlySet<string>;
}

export interface RenderedTable {
  readonly chains: ReadonlyMap<string, readonly RenderedRule[]>;
  readonly jumps: ReadonlyMap<KernelChain, RenderedJumps>;
}

/** @throws IptablesError `GRY_IPTABLES_NAME`, or `GRY_IPTABLES_MODEL` for a jump to nowhere or a chain that comes twice */
export function renderTable(intent: TableIntent): RenderedTable {
  const chains = new Map<string, readonly RenderedRule[]>();
  for (const chain of intent.chains) {
    if (chains.has(chain.name)) throw modelError(`chain ${chain.name} is there twice`);
    chains.set(checked('chain', chain.name), renderChain(chain));
  }
  for (const target of targetsOf(intent))
    if (!chains.has(target)) throw modelError(`a jump leads to the chain ${target}, which is not there`);
  return { chains, jumps: renderJumps(intent.jumps) };
}

const modelError = (message: string) => new IptablesError('GRY_IPTABLES_MODEL', message);

function targetsOf(intent: TableIntent): readonly string[] {
  const targets = intent.chains.flatMap((c) => c.rules.map((r) => r.target));
  return [...intent.jumps.map((j) => j.to), ...targets.flatMap((t) => (t.kind === 'jump' ? [t.chain] : []))];
}

const renderChain = (chain: Chain): readonly RenderedRule[] => withMarks(chain.name, chain.rules);

function renderJumps(jumps: readonly Jump[]): ReadonlyMap<KernelChain, RenderedJumps> {
  const rendered = new Map<KernelChain, RenderedJumps>();
  for (const from of new Set(jumps.map((j) => j.from))) {
    const at = (position: Jump['position']) =>
      jumps.filter((j) => j.from === from && j.position === position);
    const appended = at('append');
    rendered.set(from, {
      inserted: withMarks(`${from} insert`, at('insert').map(jumpRule)),
      appended: withMarks(`${from} append`, appended.map(jumpRule)),
      after: new Set(appended.flatMap((j) => j.after ?? []).map((name) => checked('foreign chain', name))),
    });
  }
  return rendered;
}

const jumpRule = (jump: Jump): Rule => ({
  matches: [],
  target: { kind: 'jump', chain: jump.to },
  reason: jump.reason,
});

/** Hashes cover the reason too: when its wording changes, the comments in the kernel follow. */
function withMarks(seed: string, rules: readonly Rule[]): readonly RenderedRule[] {
  const specs = rules.map((rule) => ({
    match: rule.matches.map((m) => `${renderMatch(m)} `).join(''),
    reason: checked('reason', rule.reason),
    target: renderTarget(rule.target),
  }));
  const hashes = chainHashes(
    seed,
    specs.map((s) => `${s.match}${s.target} ${s.reason}`),
  );
  return specs.map((s, i) => {
    const hash = hashes[i] ?? '';
    return { hash, spec: `${s.match}-m comment --comment "${markOf(hash)} ${s.reason}" ${s.target}` };
  });
}

function renderMatch(match: Match): string {
  const not = match.negate === true ? '! ' : '';
  switch (match.kind) {
    case 'in-interface':
      return `${not}-i ${checked('interface', match.name)}`;
    case 'out-interface':
      return `${not}-o ${checked('interface', match.name)}`;
    case 'source':
      return `${not}-s ${canonical(match.prefix)}`;
    case 'destination':
      return `${not}-d ${canonical(match.prefix)}`;
    case 'set':
      return `-m set ${not}--match-set ${checked('set', match.set)} ${match.side}`;
    case 'conntrack':
      return `-m conntrack ${not}--ctstate ${match.states.join(',')}`;
    case 'reverse-path':
      return `-m rpfilter --validmark${match.negate === true ? ' --invert' : ''}`;
  }
}

/** The type promises a canonical prefix; a cast somewhere may have broken the promise, and here it would become a command. */
function canonical(text: string): string {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw modelError(`${JSON.stringify(text)} is no prefix`);
  return parsed;
}

function renderTarget(target: Target): string {
  switch (target.kind) {
    case 'accept':
      return '-j ACCEPT';
    case 'drop':
      return '-j DROP';
    case 'return':
      return '-j RETURN';
    case 'jump':
      return `-j ${checked('chain', target.chain)}`;
    case 'masquerade':
      return '-j MASQUERADE --random-fully';
  }
}
