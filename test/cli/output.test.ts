import { describe, expect, test } from 'vitest';
import { age, type Column, printable, table } from '../../src/cli/output.ts';

describe('age', () => {
  const now = Date.UTC(2026, 5, 1);
  test.each([
    [0, '0s'],
    [-90, '0s'],
    [0.9, '0s'],
    [1, '1s'],
    [59, '59s'],
    [60, '1m'],
    [312, '5m12s'],
    [3600, '1h'],
    [3601, '1h'],
    [4000, '1h6m'],
    [86_399, '23h59m'],
    [86_400, '1d'],
    [90_000, '1d1h'],
    [86_400 * 400, '400d'],
  ])('%d seconds: %s', (seconds, expected) => {
    expect(age(new Date(now - seconds * 1000).toISOString(), now)).toBe(expected);
  });
});

interface Bird {
  readonly name: string;
  readonly wings: number;
}

const columns: readonly Column<Bird>[] = [
  { header: 'NAME', value: (bird) => bird.name },
  { header: 'LEGS', value: () => '2', wide: true },
  {
    header: 'WINGS',
    value: (bird) => String(bird.wings),
    style: (bird) => (bird.wings === 2 ? 'green' : 'red'),
  },
];
const birds: readonly Bird[] = [
  { name: 'Gryphon', wings: 2 },
  { name: 'Kiwi', wings: 0 },
];

describe('table', () => {
  test('aligned, without borders, nothing at line ends', () => {
    expect(table(columns, birds, { wide: false, colour: false })).toBe(
      'NAME      WINGS\nGryphon   2\nKiwi      0\n',
    );
  });

  test('wide', () => {
    expect(table(columns, birds, { wide: true, colour: false })).toBe(
      'NAME      LEGS   WINGS\nGryphon   2      2\nKiwi      2      0\n',
    );
  });

  test('colour changes no column', () => {
    expect(table(columns, birds, { wide: false, colour: true })).toBe(
      'NAME      WINGS\nGryphon   \u001B[32m2\u001B[39m\nKiwi      \u001B[31m0\u001B[39m\n',
    );
  });

  test('no rows: the header alone', () => {
    expect(table(columns, [], { wide: false, colour: false })).toBe('NAME   WINGS\n');
  });

  test('a cell keeps to its line and cannot steer the terminal', () => {
    const rows = [{ name: 'evil\n\u001B[2Jbird\r\u009B', wings: 2 }];
    expect(table(columns, rows, { wide: false, colour: false })).toBe(
      'NAME              WINGS\nevil ?[2Jbird??   2\n',
    );
  });
});

test('printable keeps text and line ends', () => {
  expect(printable('Zürich → 10.0.0.0/8\nnext\tline\u0007')).toBe('Zürich → 10.0.0.0/8\nnext?line?');
});
