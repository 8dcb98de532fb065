import { expect, it } from 'vitest';
import { DriverState } from '../../src/agent/driver-state.ts';
import type { ApplyResult } from '../../src/dataplane/driver.ts';
import type { Log } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';

function lab(results: (ApplyResult | Error)[]) {
  const lines: string[] = [];
  const note =
    (level: string) =>
    (msg: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      void lines.push(`${level} ${msg}: ${Object.values(fields).join(' ')}`);
  const log: Log = {
    debug: note('debug'),
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
    component: () => log,
  };
  const clock = new FakeClock();
  const state = new DriverState(
    {
      name: 'routes',
      repaired: 3,
      apply: async () => {
        const next = results.shift();
        if (next === undefined || next instanceof Error) throw next ?? new Error('no more results');
        return next;
      },
    },
    clock,
    log,
    () => {},
  );
  return { state, lines, clock };
}

const refused = { item: 'route 10.0.0.0/24', code: 'GRY_X', reason: 'ENETUNREACH', since: 5 };
const signal = new AbortController().signal;

it('tells a failure when it comes and when it goes, not while it lasts', async () => {
  const { state, lines } = lab([
    { written: 2, failures: [refused], retryAfter: 700 },
    { written: 0, failures: [refused] },
    { written: 1, failures: [] },
  ]);
  expect(state.applied).toBe(false);
  expect(await state.apply(signal)).toBe(700);
  expect(await state.apply(signal)).toBeUndefined();
  expect(state.view()).toMatchObject({ written: 2, repaired: 3, failures: [refused] });
  await state.apply(signal);
  expect(state.view()).toMatchObject({ written: 3, failures: [] });
  expect(lines).toEqual([
    'warn cannot write: routes route 10.0.0.0/24 GRY_X ENETUNREACH',
    'info no longer failing: routes route 10.0.0.0/24',
  ]);
});

it('a driver that throws is one failed item, dated from the first time', async () => {
  const { state, clock } = lab([new Error('iptables-save: command not found'), new Error('again')]);
  expect(await state.apply(signal)).toBe(5000);
  const since = clock.now();
  clock.advance(1000);
  await state.apply(signal);
  expect(state.view().failures).toEqual([
    { item: 'routes', code: 'GRY_DRIVER_FAILED', reason: 'again', since },
  ]);
});

it('an aborted apply leaves no trace', async () => {
  const { state } = lab([{ written: 2, failures: [refused] }]);
  const abort = AbortSignal.abort();
  expect(await state.apply(abort)).toBeUndefined();
  expect(state.view()).toMatchObject({ applied: false, written: 0, failures: [] });
});
