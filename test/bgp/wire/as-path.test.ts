import { describe, expect, it } from 'vitest';
import {
  type AsPath,
  asPathLength,
  asPathText,
  countAS,
  neighborAS,
  originAS,
  prependAS,
} from '../../../src/bgp/wire/as-path.ts';
import { mergeAs4 } from '../../../src/bgp/wire/attributes/as4.ts';
import type { Aggregator } from '../../../src/bgp/wire/attributes/attributes.ts';
import type { AttributeDraft } from '../../../src/bgp/wire/attributes/row.ts';
import type { Address } from '../../../src/net/address.ts';

/** The path that `asPathText` writes. */
function path(text: string): AsPath {
  const segments = text.match(/\{[^}]*\}|[^{}]+/g)?.map((part) => part.trim()) ?? [];
  return segments
    .filter((part) => part !== '')
    .map((part) => ({
      kind: part.startsWith('{') ? 'set' : 'sequence',
      asns: part.replaceAll(/[{}]/g, '').split(' ').map(Number),
    }));
}

describe('AS path', () => {
  it.each([
    { text: '', length: 0, neighbor: undefined, origin: undefined },
    { text: '65001', length: 1, neighbor: 65001, origin: 65001 },
    { text: '65001 65002 4200000000', length: 3, neighbor: 65001, origin: 4200000000 },
    { text: '65001 {65002 65003}', length: 2, neighbor: 65001, origin: undefined },
    { text: '{65002 65003} 65004', length: 2, neighbor: undefined, origin: 65004 },
  ])('$text', ({ text, length, neighbor, origin }) => {
    expect(asPathText(path(text))).toBe(text);
    expect(asPathLength(path(text))).toBe(length);
    expect(neighborAS(path(text))).toBe(neighbor);
    expect(originAS(path(text))).toBe(origin);
  });

  it('counts an AS in all segments', () => {
    expect(countAS(path('1 2 1 {1 3}'), 1)).toBe(3);
    expect(countAS(path('1 2'), 3)).toBe(0);
  });

  it.each([
    ['', 7, 1, '7'],
    ['1 2', 7, 1, '7 1 2'],
    ['1 2', 7, 3, '7 7 7 1 2'],
    ['{1 2}', 7, 2, '7 7 {1 2}'],
    ['1', 7, 0, '1'],
  ])('%j with %d in front %d times is %j', (before, as, times, after) => {
    expect(asPathText(prependAS(path(before), as, times))).toBe(after);
  });

  it('begins a new segment when the first is full (RFC 4271 §5.1.2)', () => {
    const full = path(Array(255).fill('1').join(' '));
    expect(prependAS(full, 7).map((s) => s.asns.length)).toEqual([1, 255]);
  });
});

const aggregator = (as: number): Aggregator => ({ as, address: '192.0.2.1' as Address });

describe('merging AS4_PATH, RFC 6793 §4.2.3', () => {
  it.each([
    ['as long: AS4_PATH', '23456 23456', '70001 70002', '70001 70002'],
    ['longer: the surplus in front', '1 23456 23456', '70001 70002', '1 70001 70002'],
    ['shorter: AS_PATH alone', '23456', '70001 70002', '23456'],
    ['a set counts as one', '1 {2 3} 23456', '70001', '1 {2 3} 70001'],
    ['a set at the seam', '1 23456 {23456 5}', '70001 {70002 5}', '1 70001 {70002 5}'],
    ['the surplus ends within a sequence', '1 2 3', '70003', '1 2 70003'],
    ['an empty AS4_PATH', '1 2', '', '1 2'],
  ])('%s', (_name, asPath, as4Path, expected) => {
    const draft: AttributeDraft = { attributes: { asPath: path(asPath) }, as4Path: path(as4Path) };
    mergeAs4(draft);
    expect(asPathText(draft.attributes.asPath ?? [])).toBe(expected);
  });

  it('does not make a sequence of more than 255', () => {
    const draft: AttributeDraft = {
      attributes: { asPath: path(`1 ${Array(255).fill('23456').join(' ')}`) },
      as4Path: path(Array(255).fill('70001').join(' ')),
    };
    mergeAs4(draft);
    expect(draft.attributes.asPath?.map((s) => s.asns.length)).toEqual([1, 255]);
  });

  it.each([
    ['AS_TRANS: both of AS4_', 23456, 70001, 70001, '70001'],
    ['set anew on the way: neither', 65001, 70001, 65001, '23456'],
    ['no AS4_AGGREGATOR: the path alone', 23456, undefined, 23456, '70001'],
    ['no AGGREGATOR: the path alone', undefined, 70001, undefined, '70001'],
  ])('%s', (_name, as, as4, expectedAS, expectedPath) => {
    const draft: AttributeDraft = {
      attributes: { asPath: path('23456'), ...(as !== undefined && { aggregator: aggregator(as) }) },
      as4Path: path('70001'),
      ...(as4 !== undefined && { as4Aggregator: aggregator(as4) }),
    };
    mergeAs4(draft);
    expect(draft.attributes.aggregator?.as).toBe(expectedAS);
    expect(asPathText(draft.attributes.asPath ?? [])).toBe(expectedPath);
  });
});
