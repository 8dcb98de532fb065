import { describe, expect, test } from 'vitest';
import { chainHashes, hashOf, markOf } from '../../src/iptables/hash.ts';

describe('chainHashes', () => {
  const base = chainHashes('GRY-A', ['one', 'two', 'three']);

  test.each<[string, readonly string[], number]>([
    ['the same rules', chainHashes('GRY-A', ['one', 'two', 'three']), 3],
    ['one more at the end', chainHashes('GRY-A', ['one', 'two', 'three', 'four']), 3],
    ['the last one changed', chainHashes('GRY-A', ['one', 'two', 'THREE']), 2],
    ['one inserted', chainHashes('GRY-A', ['one', 'new', 'two', 'three']), 1],
    ['two swapped', chainHashes('GRY-A', ['two', 'one', 'three']), 0],
    ['another chain', chainHashes('GRY-B', ['one', 'two', 'three']), 0],
  ])('%s: shares its beginning, and no hash after that', (_, other, shared) => {
    expect(other.slice(0, shared)).toEqual(base.slice(0, shared));
    expect(new Set(other.slice(shared)).intersection(new Set(base)).size).toBe(0);
  });

  test('is the same on every machine and in every version, or an upgrade would rewrite all rules', () => {
    expect(chainHashes('GRY-FORWARD', ['-i gryp+ -j ACCEPT', '-j RETURN'])).toMatchInlineSnapshot(`
      [
        "OSyakDONbDJWM5eA",
        "h7VNQh7X8ZPwtQTB",
      ]
    `);
  });
});

describe('hashOf', () => {
  test.each<[string, string | undefined]>([
    [markOf('abcdefghijklmno_'), 'abcdefghijklmno_'],
    ['gry:abcdefghijklmno_ why it is there', 'abcdefghijklmno_'],
    ['gry:short', ''],
    ['gry:', ''],
    ['gry:abcdefghijklmno_x', ''],
    ['cali:abcdefghijklmno_', undefined],
    ['not gry:abcdefghijklmno_', undefined],
    ['', undefined],
  ])('%j gives %j', (comment, hash) => {
    expect(hashOf(comment)).toBe(hash);
  });
});
