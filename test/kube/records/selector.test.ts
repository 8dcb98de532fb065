import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesSelector, parseSelector, SelectorError } from '../../../src/kube/records/selector.ts';

const labels = { rack: 'a-1', 'gryphon.dev/role': 'edge', empty: '', in: 'x', contains: 'y', has: 'z' };

describe('bad selectors', () => {
  test.each([
    // [selector, position of the mistake, reason]
    ['rack', 4, 'expected ==, !=, in, not in, contains, starts with or ends with, found the end'],
    ['rack ==', 7, 'expected a text in quotes, found the end'],
    ['rack == a', 8, 'expected a text in quotes, found a'],
    ["rack = 'a'", 5, 'unexpected "="'],
    ["rack == 'a", 8, 'a text that is never closed'],
    ['rack == "a\'', 8, 'a text that is never closed'],
    ["rack == 'a' rack == 'b'", 12, 'expected &&, || or the end, found rack'],
    ["rack == 'a' &&", 14, 'expected a label name, has(), all(), ! or (, found the end'],
    ["rack == 'a' & has(b)", 12, 'unexpected "&"'],
    ["(rack == 'a'", 12, 'expected ), found the end'],
    [')', 0, 'expected a label name, has(), all(), ! or (, found )'],
    ['has(', 4, 'expected a label name, found the end'],
    ["has('rack')", 4, 'expected a label name, found rack'],
    ['has(rack', 8, 'expected ), found the end'],
    ["rack in 'a'", 5, 'expected ==, !=, in, not in, contains, starts with or ends with, found in'],
    ["rack in {'a' 'b'}", 13, 'expected }, found b'],
    ["rack in {'a',}", 13, 'expected a text in quotes, found }'],
    ['rack in {a}', 9, 'expected a text in quotes, found a'],
    ['all(x)', 3, 'expected ==, !=, in, not in, contains, starts with or ends with, found ('],
    ['rack == \'a\' || § == "b"', 15, 'unexpected "§"'],
    [`${'!'.repeat(65)}all()`, 64, 'nested deeper than 64'],
    [`${'('.repeat(65)}all()${')'.repeat(65)}`, 64, 'nested deeper than 64'],
    [`rack == '${'a'.repeat(5000)}'`, 0, 'longer than 4096 characters'],
  ])('%s', (text, position, reason) => {
    const parse = (): unknown => parseSelector(text);
    expect(parse).toThrow(SelectorError);
    expect(parse).toThrow(expect.objectContaining({ code: 'GRY_SELECTOR_INVALID', position }));
    expect(parse).toThrow(`${reason} at character ${position + 1} of`);
  });
});

describe('selectors and what they match', () => {
  test.each([
    ['', true],
    ['  ', true],
    ['all()', true],
    ['all( )', true],
    ['global()', true],
    ['!all()', false],
    ['has(rack)', true],
    ['has( gryphon.dev/role )', true],
    ['has(empty)', true],
    ['has(missing)', false],
    ['!has(missing)', true],
    ['has(constructor)', false],
    ["constructor != 'x'", true],
    ["rack == 'a-1'", true],
    ['rack == "a-1"', true],
    ["rack=='a-1'", true],
    ["rack == 'a'", false],
    ["empty == ''", true],
    ["missing == ''", false],
    ["rack != 'a'", true],
    ["rack != 'a-1'", false],
    ["missing != 'a'", true],
    ["rack in {'b', 'a-1'}", true],
    ["rack in{'b','a'}", false],
    ['rack in {}', false],
    ["missing in {'a'}", false],
    ["rack not in {'b'}", true],
    ["rack  not  in  {'a-1'}", false],
    ["missing not in {'a'}", true],
    ['rack not in {}', true],
    ["rack contains '-'", true],
    ["rack contains 'b'", false],
    ["missing contains ''", false],
    ["rack starts with 'a'", true],
    ["rack starts  with '1'", false],
    ["rack ends with '1'", true],
    ["rack ends with 'a'", false],
    ["missing ends with 'a'", false],
    ["in == 'x' && in in {'x'}", true],
    ["contains contains 'y' && has == 'z' && has(has)", true],
    ["has(missing) || rack == 'a-1'", true],
    ['has(missing) || has(other)', false],
    ['has(rack) && has(missing)', false],
    // && binds tighter than ||.
    ['has(rack) || has(missing) && has(other)', true],
    ['(has(rack) || has(missing)) && has(other)', false],
    ["!(rack == 'a-1' && has(empty))", false],
    ["!!has(rack) && ! ! (rack != 'b')", true],
  ])('%s: %s', (text, expected) => {
    expect(matchesSelector(parseSelector(text), labels)).toBe(expected);
  });
});

describe('properties', () => {
  const fragment = fc.constantFrom(
    ...`( ) ! && || == != in not { } , 'a' "b" k has(k) all() starts with`.split(' '),
  );

  test('any text is parsed or refused with a position inside it', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join(' ')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parseSelector(text);
        } catch (error) {
          expect(error).toBeInstanceOf(SelectorError);
          expect((error as SelectorError).position).toBeLessThanOrEqual(text.length);
        }
      }),
    );
  });

  test('negation turns every answer around', () => {
    const term = fc.constantFrom("k == 'a'", "k in {'a','b'}", 'has(k)', "k starts with 'a'", "k != 'b'");
    const expressions = fc.array(fc.tuple(term, fc.constantFrom('&&', '||')), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(expressions, fc.option(fc.constantFrom('a', 'b', 'ab')), (parts, label) => {
        const text = parts.map(([t, join], i) => (i === 0 ? t : `${join} ${t}`)).join(' ');
        const own = label === null ? {} : { k: label };
        expect(matchesSelector(parseSelector(`!(${text})`), own)).toBe(
          !matchesSelector(parseSelector(text), own),
        );
      }),
    );
  });
});
