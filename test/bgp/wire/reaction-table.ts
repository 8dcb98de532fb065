import { describe, expect, it } from 'vitest';
import { hex } from '../../../src/bgp/wire/bytes.ts';
import type { WireContext } from '../../../src/bgp/wire/message.ts';
import type { ReadableDecoded } from '../../../src/bgp/wire/readable.ts';
import { context, decodeHex } from './support.ts';

/** One message and its `summary`, in a session with that context. */
export type Row = readonly [name: string, hex: string, expected: string, context?: WireContext];

/**
 * What a message leads to, in one line: `reset CODE/SUBCODE DATA`; `withdraw -PREFIX …`; `update -PREFIX +PREFIX …`; the kind
 * of any other message. Problems follow in brackets: reaction, attribute, rule.
 */
function summary(decoded: ReadableDecoded): string {
  switch (decoded.kind) {
    case 'reset': {
      const { code, subcode, data } = decoded.notification;
      return `reset ${code}/${subcode} ${hex(data)}`.trim();
    }
    case 'ignore':
      return 'ignore';
    case 'withdraw':
      return ['withdraw', ...prefixes('-', decoded.withdrawn), ...problems(decoded.problems)].join(' ');
    case 'message': {
      const { message } = decoded;
      if (message.kind !== 'update') return message.kind;
      const routes = [...prefixes('-', message.withdrawn), ...prefixes('+', message.announced)];
      return ['update', ...routes, ...problems(decoded.problems)].join(' ');
    }
  }
}

const prefixes = (sign: string, lists: readonly { readonly prefixes: readonly string[] }[]): string[] =>
  lists.flatMap((list) => list.prefixes.map((p) => sign + p));

const problems = (list: readonly { reaction: string; attribute?: number; rule: string }[]): string[] =>
  list.map((p) => `[${p.reaction} ${p.attribute ?? '-'}: ${p.rule}]`);

/** A test for every row of every table. */
export function checkTables(tables: Readonly<Record<string, readonly Row[]>>): void {
  for (const [title, rows] of Object.entries(tables)) {
    describe(title, () => {
      for (const [name, bytes, expected, ctx = context] of rows) {
        it(name, () => {
          expect(summary(decodeHex(bytes, ctx))).toBe(expected);
        });
      }
    });
  }
}
