import { readFileSync } from 'node:fs';
import path from 'node:path';

/** What a launcher of the agent gives to Node before the program: `bin/gryphon`, or `image/gryphon`. */
export function nodeFlags(launcher: 'bin/gryphon' | 'image/gryphon' = 'bin/gryphon'): readonly string[] {
  const script = readFileSync(path.join(import.meta.dirname, '../..', launcher), 'utf8');
  const flags = / exec \S+ ((?:--\S+ )+)/.exec(script)?.[1]?.trimEnd().split(' ');
  if (flags === undefined) throw new Error(`${launcher} starts no Node with flags`);
  return flags;
}
