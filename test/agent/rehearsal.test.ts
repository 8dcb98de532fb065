import { expect, it } from 'vitest';
import { rehearse, takesTables } from '../../src/agent/rehearsal.ts';
import type { ImportPolicy } from '../../src/bgp/config.ts';
import { FakeClock } from '../support/fake-clock.ts';

it('brings every route to the kernel and out of it again', async () => {
  expect(await rehearse(new FakeClock(), new AbortController().signal)).toBe(2 * 12_000);
});

it('ends when it is aborted', async () => {
  const abort = new AbortController();
  const rehearsal = rehearse(new FakeClock(), abort.signal);
  abort.abort(new Error('enough'));
  await expect(rehearsal).rejects.toThrow('enough');
});

const rule = { name: '', family: 'ipv4-unicast', match: {}, action: 'accept', operations: [] } as const;

it.each([
  [[{ kind: 'exactly', prefixes: [] }], false],
  [[{ kind: 'none' }], false],
  [[{ kind: 'none', rules: [] }], false],
  [[{ kind: 'none', rules: [rule] }], true],
  [[{ kind: 'exactly', prefixes: [] }, { kind: 'all' }], true],
] satisfies readonly (readonly [readonly ImportPolicy[], boolean])[])(
  'who takes %j may be sent a table: %s',
  (policies, expected) => {
    expect(takesTables({ peers: policies.map((policy) => ({ import: policy })) })).toBe(expected);
  },
);
