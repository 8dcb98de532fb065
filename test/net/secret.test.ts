import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { equal } from '../../src/net/equal.ts';
import { Secret } from '../../src/net/secret.ts';

const secret = new Secret('hunter2');

it.each([
  ['a text', String(secret)],
  ['JSON', JSON.stringify({ secret })],
  ['an inspection', inspect({ deep: new Map([['secret', secret]]) }, { showHidden: true, depth: 9 })],
])('does not appear in %s', (_, shown) => {
  expect(shown).not.toContain('hunter2');
  expect(shown).toContain('(hidden)');
});

it('is compared by its text', () => {
  const among = (text: string): unknown => ({ values: new Map([['key', new Secret(text)]]) });
  expect(equal(among('a'), among('a'))).toBe(true);
  expect(equal(among('a'), among('b'))).toBe(false);
  expect(equal(secret, {})).toBe(false);
  expect(equal({}, secret)).toBe(false);
});

it('is revealed to who asks', () => {
  expect(secret.reveal()).toBe('hunter2');
});
