import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const page = await readFile(join(root, 'docs/bgp.md'), 'utf8');

/** The texts that the section on sessions and routes quotes from the program, with … for what varies. */
const section = page.split('## When a session does not come up\n')[1]?.split('\n## ')[0] ?? '';
const quoted = section
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.includes('| it says |'))
  .flatMap((line) =>
    [...(line.split(/ \| (?=[^|]*\|$)/)[0]?.matchAll(/`([^`]+)`/g) ?? [])].map((m) => m[1] ?? ''),
  )
  .filter((text) => text !== 'gryphon peers');

let program = '';
for await (const file of glob('src/{bgp,calc}/**/*.ts', { cwd: root })) {
  program += await readFile(join(root, file), 'utf8');
}

test('there are texts', () => {
  expect(quoted.length).toBeGreaterThan(25);
});

/** Between what varies; NOTIFICATIONs are put together from the names of code and subcode, a state and its reason by a colon. */
const VARIES = /…|\d+|\/|^peer sent |^unresolved: |^failed: /;

test.each(quoted)('the program says: %s', (text) => {
  const parts = text.split(VARIES).map((part) => part.replaceAll(/^[;:,] | ?[;:,] ?$/g, '').trim());
  expect(parts.filter((part) => !program.includes(part))).toEqual([]);
});

test('a text that nobody says would be found', () => {
  expect(program).not.toContain('the moon is in the way');
});
