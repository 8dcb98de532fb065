import fc from 'fast-check';
import { expect, it } from 'vitest';
import { address } from '../../src/net/address.ts';
import {
  containsAddress,
  containsPrefix,
  overlaps,
  type Prefix,
  prefix,
  prefixLength,
} from '../../src/net/prefix.ts';
import { PrefixTrie } from '../../src/net/prefix-trie.ts';
import { anyAddress, anyPrefix } from '../support/arbitraries.ts';

it('gives the most specific match first', () => {
  const trie = new PrefixTrie<string>();
  trie.set(prefix('0.0.0.0/0'), 'default');
  trie.set(prefix('10.0.0.0/8'), 'ten');
  trie.set(prefix('10.1.0.0/16'), 'ten-one');
  trie.set(prefix('::/0'), 'six');
  expect([...trie.matches(address('10.1.2.3'))].map((m) => m.value)).toEqual(['ten-one', 'ten', 'default']);
  expect(trie.match(address('10.2.0.0'))?.prefix).toBe('10.0.0.0/8');
  expect(trie.match(address('fd00::1'))?.value).toBe('six');
  expect(trie.delete(prefix('0.0.0.0/0'))).toBe(true);
  expect(trie.match(address('192.0.2.1'))).toBeUndefined();
});

it('behaves as a list of prefixes would, whatever is put in and taken out', () => {
  const command = fc.record({ put: fc.boolean(), prefix: fc.oneof(anyPrefix, fc.constantFrom(...few)) });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), anyAddress, anyPrefix, (commands, probe, area) => {
      const trie = new PrefixTrie<number>();
      const model = new Map<Prefix, number>();
      for (const [i, { put, prefix: p }] of commands.entries()) {
        if (put) {
          trie.set(p, i);
          model.set(p, i);
        } else {
          expect(trie.delete(p)).toBe(model.delete(p));
        }
      }
      expect(trie.size).toBe(model.size);
      for (const [p, value] of model) expect(trie.get(p)).toBe(value);
      for (const target of [probe, address('10.0.0.1')]) {
        const expected = [...model.keys()]
          .filter((p) => containsAddress(p, target))
          .sort((a, b) => prefixLength(b) - prefixLength(a));
        expect([...trie.matches(target)].map((m) => m.prefix)).toEqual(expected);
      }
      for (const target of [area, ...few]) {
        expect(trie.overlaps(target)).toBe([...model.keys()].some((p) => overlaps(p, target)));
        expect(trie.covers(target)).toBe([...model.keys()].some((p) => containsPrefix(p, target)));
      }
    }),
  );
});

const few = ['0.0.0.0/0', '10.0.0.0/8', '10.0.0.0/24', '10.0.0.1/32', '::/0', 'fd00::/8'].map(prefix);
