import { expect, test } from 'vitest';
import type { Received } from '../../src/bgp/channel.ts';
import { MalformedLog } from '../../src/bgp/malformed-log.ts';
import type { Decoded, UpdateProblem } from '../../src/bgp/wire/message.ts';
import { reset } from '../../src/bgp/wire/notification.ts';
import { type Log, type LogFields, silentLog } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';

const problem = (reaction: UpdateProblem['reaction']): UpdateProblem => ({
  reaction,
  rule: 'RFC 7606 §7.1',
  text: 'ORIGIN has value 7',
});
const update = (...reactions: readonly UpdateProblem['reaction'][]): Decoded => ({
  kind: 'message',
  message: { kind: 'keepalive' },
  problems: reactions.map(problem),
});

const DECODED = {
  good: update(),
  ignore: { kind: 'ignore', reason: 'RFC 7313 §5: subtype 9' },
  foreign: update('ignore'),
  discard: update('ignore', 'discard'),
  withdraw: { kind: 'withdraw', withdrawn: [], problems: [problem('discard'), problem('withdraw')] },
  reset: reset('malformedAttributeList', 'attributes go beyond the message'),
} as const satisfies Record<string, Decoded>;

function makeLog() {
  const clock = new FakeClock();
  const lines: (readonly [level: string, msg: string, fields: LogFields])[] = [];
  const write =
    (level: string) =>
    (msg: string, fields: LogFields = {}): void =>
      void lines.push([level, msg, fields]);
  const log: Log = { ...silentLog, warn: write('warn'), debug: write('debug') };
  const malformed = new MalformedLog('peer/tor', clock, log);
  const report = (decoded: Decoded, bytes = Uint8Array.of(1, 2)) =>
    malformed.report({ decoded, bytes, at: 0 } satisfies Received);
  return { clock, lines, report, levels: () => lines.map(([level]) => level) };
}

test.each([
  ['good', undefined, []],
  ['ignore', 'ignore', ['debug']],
  ['foreign', 'ignore', ['debug']],
  ['discard', 'discard', ['warn']],
  ['withdraw', 'withdraw', ['warn']],
  ['reset', 'reset', ['warn']],
] as const)('%s: counts as %s', (name, reaction, written) => {
  const { report, levels } = makeLog();
  expect(report(DECODED[name])).toBe(reaction);
  expect(levels()).toEqual(written);
});

test('the message is written whole, however long it is, with what is wrong and what is done', () => {
  const { report, lines } = makeLog();
  const bytes = Uint8Array.from({ length: 65_535 }, (_, i) => i);
  report(DECODED.withdraw, bytes);
  expect(lines).toEqual([
    [
      'warn',
      'malformed message',
      {
        peer: 'peer/tor',
        reaction: 'withdraw',
        reasons: [
          'ORIGIN has value 7 (RFC 7606 §7.1: discard)',
          'ORIGIN has value 7 (RFC 7606 §7.1: withdraw)',
        ],
        bytes: Buffer.from(bytes).toString('hex'),
      },
    ],
  ]);
});

test('once a minute, with how many were left out meanwhile', () => {
  const { clock, report, lines, levels } = makeLog();
  for (let i = 0; i < 7; i++) {
    report(DECODED.withdraw);
    clock.advance(20_000);
  }
  expect(levels()).toEqual(['warn', 'debug', 'debug', 'warn', 'debug', 'debug', 'warn']);
  expect(lines.flatMap(([level, , fields]) => (level === 'warn' ? [fields['unlogged']] : []))).toEqual([
    undefined,
    2,
    2,
  ]);
});

test('what ends the session is not hidden by what came before', () => {
  const { report, levels } = makeLog();
  for (const name of ['discard', 'withdraw', 'discard', 'reset', 'reset'] as const) report(DECODED[name]);
  expect(levels()).toEqual(['warn', 'warn', 'debug', 'warn', 'debug']);
});

test('of very many things that are wrong with a message the first ones are told', () => {
  const { report, lines } = makeLog();
  report(update(...Array.from({ length: 20_000 }, () => 'discard' as const)));
  const reasons = lines[0]?.[2].reasons;
  expect(reasons).toHaveLength(11);
  expect(reasons).toContain('and 19990 more');
});
