import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NONE } from '../../src/net/columns.ts';
import { containsPrefix, networkOf, type Prefix, prefix } from '../../src/net/prefix.ts';
import { PrefixBlocks } from '../../src/net/prefix-blocks.ts';
import { PrefixTable } from '../../src/net/prefix-table.ts';
import { prefixWords } from '../../src/net/prefix-words.ts';
import { address as anyAddress } from '../bgp/wire/arbitraries.ts';

const anyPrefix: fc.Arbitrary<Prefix> = fc.oneof(
  fc.tuple(anyAddress(4), fc.integer({ min: 0, max: 32 })).map(([a, bits]) => networkOf(a, bits)),
  fc.tuple(anyAddress(6), fc.integer({ min: 0, max: 128 })).map(([a, bits]) => networkOf(a, bits)),
);

test('a prefix is its text and back', () => {
  const table = new PrefixTable();
  fc.assert(
    fc.property(anyPrefix, (p) => {
      const id = table.intern(prefixWords(p));
      table.retain(id);
      expect(table.text(id)).toBe(p);
      expect(table.family(id)).toBe(p.includes(':') ? 6 : 4);
      table.release(id);
      expect([table.has(id), table.size]).toEqual([false, 0]);
    }),
  );
});

test('the table behaves as a Map would, whatever is put in and taken out', () => {
  const few = fc.integer({ min: 0, max: 2000 }).map((n) => prefix(`10.${n >> 8}.${n & 255}.0/24`));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.oneof(few, anyPrefix), fc.boolean()), { maxLength: 3000 }), (steps) => {
      const table = new PrefixTable();
      const ids = new Map<Prefix, number>();
      for (const [p, add] of steps) {
        const words = prefixWords(p);
        const known = ids.get(p);
        expect(table.find(words)).toBe(known ?? NONE);
        if (add && known === undefined) {
          const id = table.intern(words);
          expect(table.has(id)).toBe(false);
          table.retain(id);
          ids.set(p, id);
        } else if (!add && known !== undefined) {
          table.release(known);
          ids.delete(p);
        }
      }
      expect(table.size).toBe(ids.size);
      expect(new Set(ids.values()).size).toBe(ids.size);
      for (const [p, id] of ids) expect([table.find(prefixWords(p)), table.text(id)]).toEqual([id, p]);
    }),
    { numRuns: 30 },
  );
});

test('an id is used again only when everybody has let go of it', () => {
  const table = new PrefixTable();
  const id = table.intern(prefixWords(prefix('10.1.0.0/16')));
  table.retain(id);
  table.retain(id);
  table.release(id);
  expect(table.has(id)).toBe(true);
  table.release(id);
  expect(table.has(id)).toBe(false);
  expect(table.intern(prefixWords(prefix('fd00::/8')))).toBe(id);
});

test('blocks contain what equals them or lies inside, of both families', () => {
  fc.assert(
    fc.property(fc.array(anyPrefix, { maxLength: 5 }), anyPrefix, fc.nat(128), (blocks, p, more) => {
      const own = new PrefixBlocks(blocks);
      const inside = blocks.map((b) => networkOf(b.slice(0, b.indexOf('/')) as never, Math.min(more, 32)));
      for (const q of [p, ...blocks, ...inside]) {
        expect(own.contain(prefixWords(q))).toBe(blocks.some((b) => containsPrefix(b, q)));
      }
    }),
  );
});
