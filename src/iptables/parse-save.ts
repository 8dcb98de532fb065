/**
 * Reads the output of iptables-save, as far as it concerns us: which chains of ours are there, and which rules in them and in the
 * kernel's chains carry our mark, at which place. What the rules say is not looked at.
 */
import { hashOf } from './hash.ts';
import type { TableName } from './model.ts';
import { isOurChain } from './names.ts';

export interface ObservedRule {
  /** The hash in our mark; empty when the mark is damaged; undefined when the rule is somebody else's. */
  readonly hash: string | undefined;
  /** Where the rule leads: a chain or the name of a target. */
  readonly target: string | undefined;
  /** What follows `-A CHAIN `: enough to delete exactly this rule. */
  readonly spec: string;
}

/** Chains of ours and of the kernel with their rules in order; chains of others are left out. */
export type ObservedTable = ReadonlyMap<string, readonly ObservedRule[]>;

export interface ObservedTables {
  readonly tables: ReadonlyMap<TableName, ObservedTable>;
  /** Tables that hold rules which only nft understands: they cannot be read or written with iptables. */
  readonly incompatible: ReadonlySet<string>;
}

const tableNames = new Set<string>(['raw', 'mangle', 'nat', 'filter'] satisfies TableName[]);
const isTableName = (name: string): name is TableName => tableNames.has(name);

/** The save of a busy node has 100,000 lines, nearly all of them others': they cost one look at their beginning. */
export function parseSave(text: string): ObservedTables {
  const tables = new Map<TableName, Map<string, ObservedRule[]>>();
  const incompatible = new Set<string>();
  let chains = new Map<string, ObservedRule[]>();
  for (const line of linesOf(text)) {
    if (line.startsWith('-A ')) {
      addRule(chains, line);
    } else if (line.startsWith(':')) {
      const [name = '', policy] = line.slice(1).split(' ', 2);
      if (policy !== '-' || isOurChain(name)) chains.set(name, []);
    } else if (line.startsWith('*')) {
      const name = line.slice(1).trim();
      chains = new Map();
      if (isTableName(name)) tables.set(name, chains);
    } else if (line.startsWith('# Table `')) {
      const name = /^# Table `(\w+)' is incompatible/.exec(line)?.[1];
      if (name !== undefined) incompatible.add(name);
    }
  }
  return { tables, incompatible };
}

function* linesOf(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf('\n', start);
    yield text.slice(start, end < 0 ? text.length : end);
    if (end < 0) return;
    start = end + 1;
  }
}

function addRule(chains: ReadonlyMap<string, ObservedRule[]>, line: string): void {
  const end = line.indexOf(' ', 3);
  const rules = chains.get(line.slice(3, end));
  if (end < 0 || rules === undefined) return;
  const spec = line.slice(end + 1);
  const words = split(spec);
  const after = (...options: string[]) => words.find((_, i) => options.includes(words[i - 1] ?? ''));
  rules.push({ hash: ourHash(words), target: after('-j', '-g'), spec });
}

/** A rule may carry several comments; ours is the one with the mark. */
function ourHash(words: readonly string[]): string | undefined {
  for (const [i, word] of words.entries()) {
    const hash = words[i - 1] === '--comment' ? hashOf(word) : undefined;
    if (hash !== undefined) return hash;
  }
  return undefined;
}

/** Words as the save programs print them: in double quotes, with backslashes, where there is a blank inside. */
function split(spec: string): readonly string[] {
  return Array.from(
    spec.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g),
    (m) => m[1]?.replaceAll(/\\(.)/g, '$1') ?? m[0],
  );
}
