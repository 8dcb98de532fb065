import { describe, expect, it } from 'vitest';
import { hex } from '../../../src/bgp/wire/bytes.ts';
import { encodeMessage } from '../../../src/bgp/wire/codec.ts';
import type { WireContext } from '../../../src/bgp/wire/message.ts';
import type { ReadableMessage } from '../../../src/bgp/wire/readable.ts';
import { encodeAnnouncement, encodeWithdrawal } from '../../../src/bgp/wire/update-encoder.ts';
import { ByteWriter } from '../../../src/net/byte-writer.ts';
import { normalForm } from './normal-form.ts';
import { context, decode, decodeHex } from './support.ts';
import { SOURCES } from './vectors/index.ts';

/** Our bytes for the same message. An UPDATE of several parts becomes several messages: the vectors have one part each. */
function encode(message: ReadableMessage, ctx: WireContext): Uint8Array {
  const out = new ByteWriter();
  if (message.kind !== 'update') encodeMessage(out, message);
  else {
    for (const part of message.withdrawn) encodeWithdrawal(out, part, ctx);
    for (const part of message.announced) encodeAnnouncement(out, part, ctx);
  }
  return out.copy();
}

describe.each(SOURCES)('$from', ({ vectors }) => {
  it.each(vectors)('$name is understood', ({ hex, message, context: ctx = context }) => {
    expect(decodeHex(hex, ctx)).toEqual({ kind: 'message', message, problems: [] });
  });

  it.each(vectors)('$name comes back from our own encoder', ({ message, context: ctx = context }) => {
    const sending = { ...ctx, addPathSend: ctx.addPathReceive };
    expect(decode(encode(message as ReadableMessage, sending), ctx)).toEqual({
      kind: 'message',
      message,
      problems: [],
    });
  });
});

describe('what we write for it', () => {
  const rows = SOURCES.flatMap(({ from, vectors }) => vectors.map((v) => ({ ...v, from })));

  it.each(rows)('$from: $name, as theirs but for what the standards leave to us', (row) => {
    const { hex: theirs, message, context: ctx = context } = row;
    const sending = { ...ctx, addPathSend: ctx.addPathReceive };
    expect(normalForm(hex(encode(message as ReadableMessage, sending)))).toBe(normalForm(theirs));
  });

  const simple = new Set(['KEEPALIVE', 'ROUTE-REFRESH request ipv4-unicast', 'End-of-RIB ipv4-unicast']);
  const exact = rows.filter(
    ({ name }) =>
      simple.has(name) || name.startsWith('NOTIFICATION') || name === 'UPDATE withdraw ipv4-unicast',
  );

  it.each(exact)('$from: $name, octet for octet', ({ hex: theirs, message, context: ctx = context }) => {
    const sending = { ...ctx, addPathSend: ctx.addPathReceive };
    expect(hex(encode(message as ReadableMessage, sending))).toBe(theirs);
  });
});
