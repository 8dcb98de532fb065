import { describe, expect, test } from 'vitest';
import { DEFAULT_SETUP, REGRESSIONS } from './regressions.ts';
import { report } from './report.ts';
import { run } from './run.ts';
import { parseActs } from './script.ts';

/** Cases of one run; `make fuzz` makes many more. */
const CASES = 400;

async function failures(from: number): Promise<readonly string[]> {
  const found: string[] = [];
  for (let seed = from; seed < from + CASES; seed++) found.push((await report(seed)) ?? '');
  return found.filter((text) => text !== '');
}

describe('whole sessions, spoilt', () => {
  test('of fixed seeds lead to what the standards order', async () => {
    expect(await failures(1)).toEqual([]);
  }, 120_000);

  const seed = Math.floor(Math.random() * 2 ** 31);
  test(`of seeds ${seed} to ${seed + CASES - 1}, too`, async () => {
    expect(await failures(seed)).toEqual([]);
  }, 120_000);
});

describe('cases that failed once', () => {
  test.each(REGRESSIONS)('%s', async (_, setup, acts) => {
    const { complaints, messages } = await run({
      setup: { ...DEFAULT_SETUP, ...setup },
      acts: parseActs(acts),
    });
    expect(complaints).toEqual([]);
    expect(messages).toBeGreaterThan(0);
  });
});
