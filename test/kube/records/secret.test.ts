import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parseObject } from '../../../src/kube/records/object.ts';
import { parseSecret, type SecretInterest } from '../../../src/kube/records/secret.ts';
import { lines } from './objects.ts';

const interest: SecretInterest = {
  namespace: 'gryphon-system',
  keys: new Map([['bgp', new Set(['tor', 'mesh'])]]),
};

const secret = (fields: object, name = 'bgp', namespace?: string): Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  type: 'Opaque',
  ...fields,
});

/** The values that were kept, in clear. */
const kept = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    [...(parseSecret(value, interest).record?.values ?? [])].map(([key, text]) => [key, text.reveal()]),
  );

describe('only what somebody refers to is kept', () => {
  test.each([
    ['data', { data: { tor: 'c2VjcmV0', other: 'bm9uZQ==' } }, { tor: 'secret' }],
    ['data in lines, as base64 prints it', { data: { tor: 'c2Vj\ncmV0\n' } }, { tor: 'secret' }],
    ['UTF-8', { data: { tor: 'c8OkbWlzY2g=' } }, { tor: 'sämisch' }],
    ['stringData', { stringData: { mesh: 'plain' } }, { mesh: 'plain' }],
    [
      'stringData over data',
      { data: { tor: 'b2xk', mesh: 'bWVzaA==' }, stringData: { tor: 'new' } },
      { tor: 'new', mesh: 'mesh' },
    ],
    ['an empty value', { data: { tor: '' } }, { tor: '' }],
    ['nothing', {}, {}],
  ])('%s', (_, fields, expected) => {
    expect(kept(secret(fields))).toEqual(expected);
    expect(parseSecret(secret(fields), interest).problems).toEqual([]);
  });

  test('of another Secret only its name', () => {
    const { record } = parseSecret(secret({ data: { tor: 'c2VjcmV0' } }, 'other'), interest);
    expect(record).toEqual({ name: 'other', values: new Map() });
  });
});

test.each([
  ['our namespace', 'gryphon-system', true],
  ['no namespace, which kubectl would fill in', undefined, true],
  ['another namespace', 'default', false],
])('a Secret of %s', (_, namespace, isTaken) => {
  const parsed = parseObject(secret({ stringData: { tor: 'x' } }, 'bgp', namespace), interest);
  expect(parsed.map).toBe(isTaken ? 'secrets' : undefined);
});

describe('what is wrong is told without being shown', () => {
  test.each([
    ['no base64', { data: { tor: 'hunter2!' } }],
    ['base64 without its end', { data: { tor: 'aHVudGVyMg' } }],
    ['no UTF-8', { data: { tor: '/w==' } }],
    ['a number', { stringData: { tor: 424_242 } }],
    ['a long text', { stringData: { tor: 'hunter2'.repeat(1000) } }],
    ['long base64', { data: { tor: 'aHVu'.repeat(10_000) } }],
  ])('%s', (_, fields) => {
    const { record, problems } = parseSecret(secret(fields), interest);
    expect(record).toEqual({ name: 'bgp', values: new Map() });
    const field = 'data' in fields ? 'data' : 'stringData';
    expect(lines(problems)).toEqual([
      expect.stringMatching(`^error GRY_SECRET_UNUSABLE Secret bgp ${field}\\.tor: the value is not `),
    ]);
    expect(inspect(problems, { depth: 9 })).not.toMatch(/hunter2|aHVu|424242/);
  });
});
