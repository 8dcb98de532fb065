import { createHash } from 'node:crypto';

/** Length of a hash in characters: 96 bits, so that no two rules of a node ever share one by chance. */
export const HASH_LENGTH = 16;

/**
 * One hash per rule: `h[i] = H(h[i-1] + rule[i])`, started from the chain's name. So a hash stands for the rule, for its place and
 * for everything before it: two chains are equal as far as their hashes are, and inserting a rule changes all hashes after it.
 * Base64url, cut to 16 characters, needs no quoting.
 */
export function chainHashes(chain: string, rules: readonly string[]): readonly string[] {
  let previous = digest(chain);
  return rules.map((rule) => {
    previous = digest(`${previous}\n${rule}`);
    return previous;
  });
}

const digest = (text: string): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, HASH_LENGTH);

/** The mark in a comment, followed by the reason. */
export const markOf = (hash: string): string => `gry:${hash}`;

/** The hash in a comment of ours; empty when it has our mark and an unreadable hash; undefined when it is not ours. */
export function hashOf(comment: string): string | undefined {
  if (!comment.startsWith('gry:')) return undefined;
  return /^gry:([A-Za-z0-9_-]{16})(?: |$)/.exec(comment)?.[1] ?? '';
}
