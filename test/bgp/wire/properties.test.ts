import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../../../src/bgp/wire/bytes.ts';
import { decodeMessage, encodeMessage } from '../../../src/bgp/wire/codec.ts';
import { Framer } from '../../../src/bgp/wire/framer.ts';
import type { Message, UpdateMessage, WireContext } from '../../../src/bgp/wire/message.ts';
import {
  type ReadableDecoded,
  type ReadableMessage,
  type ReadableUpdate,
  readable,
} from '../../../src/bgp/wire/readable.ts';
import { encodeAnnouncement, encodeWithdrawal } from '../../../src/bgp/wire/update-encoder.ts';
import { ByteWriter } from '../../../src/net/byte-writer.ts';
import { announcement, contexts, mutated, open, otherMessage, prefixList } from './arbitraries.ts';
import { context, decode, fromHex } from './support.ts';
import { VECTORS } from './vectors/index.ts';

const encoded = (message: Exclude<Message, UpdateMessage>): Uint8Array => {
  const out = new ByteWriter();
  encodeMessage(out, message);
  return out.copy();
};

const updateOf = (decoded: ReadableDecoded): ReadableUpdate => {
  expect(decoded).toMatchObject({ kind: 'message', problems: [] });
  if (decoded.kind !== 'message' || decoded.message.kind !== 'update') throw new Error('no update');
  return decoded.message;
};

/** Encodes a list message by message and gives what comes of decoding each. */
function roundTrip(
  total: number,
  ctx: WireContext,
  encodeOne: (out: ByteWriter, from: number) => number,
): ReadableUpdate[] {
  const updates: ReadableUpdate[] = [];
  for (let from = 0; from < total; ) {
    const out = new ByteWriter();
    const next = encodeOne(out, from);
    expect(next).toBeGreaterThan(from);
    expect(out.length).toBeLessThanOrEqual(ctx.maxSend);
    updates.push(updateOf(decode(out.copy(), ctx)));
    from = next;
  }
  return updates;
}

describe('decode after encode', () => {
  it('gives the same OPEN', () => {
    fc.assert(
      fc.property(open, (message) => {
        expect(decode(encoded(message))).toEqual({ kind: 'message', message, problems: [] });
      }),
    );
  });

  it('gives the same of every other message', () => {
    fc.assert(
      fc.property(otherMessage, (message) => {
        expect(decode(encoded(message))).toEqual({ kind: 'message', message, problems: [] });
      }),
    );
  });

  const announced = contexts.chain((ctx) => fc.tuple(fc.constant(ctx), announcement(ctx)));

  it('gives the same announcement, in as many messages as it takes', () => {
    fc.assert(
      fc.property(announced, ([ctx, routes]) => {
        const updates = roundTrip(routes.prefixes.length, ctx, (out, from) =>
          encodeAnnouncement(out, routes, ctx, from),
        );
        const parts = updates.flatMap((u) => u.announced);
        expect(parts.flatMap((p) => p.prefixes)).toEqual(routes.prefixes);
        expect(parts.flatMap((p) => p.pathIds ?? [])).toEqual(routes.pathIds ?? []);
        for (const { prefixes, pathIds, ...rest } of parts)
          expect({ ...routes, prefixes, pathIds }).toEqual({ ...rest, prefixes, pathIds });
      }),
      { numRuns: 60 },
    );
  });

  const withdrawn = contexts.chain((ctx) => fc.tuple(fc.constant(ctx), prefixList(ctx)));

  it('gives the same withdrawal', () => {
    fc.assert(
      fc.property(withdrawn, ([ctx, routes]) => {
        const updates = roundTrip(routes.prefixes.length, ctx, (out, from) =>
          encodeWithdrawal(out, routes, ctx, from),
        );
        const parts = updates.flatMap((u) => u.withdrawn);
        expect(parts.flatMap((p) => p.prefixes)).toEqual(routes.prefixes);
        expect(parts.flatMap((p) => p.pathIds ?? [])).toEqual(routes.pathIds ?? []);
      }),
      { numRuns: 60 },
    );
  });
});

/** Both ends of what a session can have negotiated. */
const EXTREMES: readonly WireContext[] = [
  {
    external: true,
    fourOctetAS: false,
    families: ['ipv4-unicast', 'ipv6-unicast'],
    addPathReceive: [],
    addPathSend: [],
    extendedNextHop: false,
    enhancedRefresh: false,
    maxReceive: 4096,
    maxSend: 4096,
  },
  {
    external: false,
    fourOctetAS: true,
    families: ['ipv4-unicast', 'ipv6-unicast'],
    addPathReceive: ['ipv4-unicast', 'ipv6-unicast'],
    addPathSend: ['ipv4-unicast', 'ipv6-unicast'],
    extendedNextHop: true,
    enhancedRefresh: true,
    maxReceive: 65535,
    maxSend: 65535,
  },
];

const KINDS = new Set(['message', 'withdraw', 'ignore', 'reset']);

/** Decodes the body as a message of every type, as if its header had been good. */
function decodeAsAll(body: Uint8Array): void {
  for (const type of [1, 2, 3, 5]) {
    const bytes = new Uint8Array(Math.max(19 + body.length, 29));
    bytes.set(body, 19);
    for (const ctx of EXTREMES) {
      const decoded = decodeMessage({ kind: 'frame', type, bytes }, ctx);
      expect(KINDS).toContain(decoded.kind);
    }
  }
}

describe('any bytes', () => {
  it('as the body of any message are decoded to a member of the union', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), decodeAsAll), { numRuns: 2000 });
  });

  it('made from real messages by mutation, too', () => {
    const bodies = VECTORS.map(({ hex }) => fromHex(hex).subarray(19));
    fc.assert(fc.property(mutated(bodies), decodeAsAll), { numRuns: 5000 });
  });

  it('leave no trace of what stands behind the message', () => {
    const seeds = VECTORS.map(({ hex }) => fromHex(hex));
    fc.assert(
      fc.property(mutated(seeds), fc.integer({ min: 0, max: 255 }), (bytes, filler) => {
        const padded = new Uint8Array(bytes.length + 64).fill(filler);
        padded.set(bytes, 32);
        const inside = padded.subarray(32, 32 + bytes.length);
        for (const ctx of EXTREMES) {
          const type = bytes[18] ?? 0;
          expect(readable(decodeMessage({ kind: 'frame', type, bytes: inside }, ctx))).toEqual(
            readable(decodeMessage({ kind: 'frame', type, bytes }, ctx)),
          );
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** Our own bytes of what was decoded: one message for each part. */
function reencode(message: ReadableMessage, ctx: WireContext): ReadableMessage[] {
  if (message.kind !== 'update') return [messageOf(decode(encoded(message), ctx))];
  const parts = [
    ...message.withdrawn.map((part) => (out: ByteWriter) => encodeWithdrawal(out, part, ctx)),
    ...message.announced.map((part) => (out: ByteWriter) => encodeAnnouncement(out, part, ctx)),
  ];
  return parts.map((encodePart) => {
    const out = new ByteWriter();
    encodePart(out);
    return messageOf(decode(out.copy(), ctx));
  });
}

const messageOf = (decoded: ReadableDecoded): ReadableMessage => {
  expect(decoded).toMatchObject({ kind: 'message', problems: [] });
  return decoded.kind === 'message' ? decoded.message : { kind: 'keepalive' };
};

/** The parts of all updates in one; the attributes that we do not know in the order in which we send them. */
function joined(messages: readonly ReadableMessage[]): unknown {
  const updates = messages.filter((m) => m.kind === 'update');
  if (updates.length < messages.length) return messages;
  return {
    withdrawn: updates.flatMap((u) => u.withdrawn),
    announced: updates
      .flatMap((u) => u.announced)
      .map((a) => ({
        ...a,
        attributes: { ...a.attributes, unknown: a.attributes.unknown?.toSorted((x, y) => x.type - y.type) },
      })),
  };
}

describe('encode after decode', () => {
  const ctx: WireContext = {
    ...context,
    external: false,
    extendedNextHop: true,
    enhancedRefresh: true,
    maxReceive: 65535,
    maxSend: 65535,
  };

  it('means the same, whatever could be decoded', () => {
    fc.assert(
      fc.property(mutated(VECTORS.map(({ hex }) => fromHex(hex))), (bytes) => {
        const decoded = readable(decodeMessage({ kind: 'frame', type: bytes[18] ?? 0, bytes }, ctx));
        fc.pre(decoded.kind === 'message');
        expect(joined(reencode(decoded.message, ctx))).toEqual(joined([decoded.message]));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a whole stream', () => {
  const session = VECTORS.map(({ hex }) => hex).join('');

  it('comes out message by message, each with exactly its length, wherever it is cut', () => {
    const messages = VECTORS.map(({ hex }) => hex);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 }), (sizes) => {
        const bytes = fromHex(session);
        const framer = new Framer();
        const out: string[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          framer.push(bytes.subarray(at, at + size));
          at += size;
          for (let next = framer.next(); next?.kind === 'frame'; next = framer.next())
            out.push(hex(next.bytes));
        }
        expect(out).toEqual(messages);
      }),
      { numRuns: 50 },
    );
  });

  it('of broken messages ends in a reset or waits for more, after at most one frame for every 19 octets', () => {
    fc.assert(
      fc.property(mutated([fromHex(session)]), fc.integer({ min: 1, max: 5000 }), (bytes, size) => {
        const framer = new Framer();
        let frames = 0;
        for (let at = 0; at < bytes.length; at += size) {
          framer.push(bytes.subarray(at, at + size));
          for (let next = framer.next(); next?.kind === 'frame'; next = framer.next()) {
            expect(KINDS).toContain(decodeMessage(next, context).kind);
            frames++;
          }
        }
        expect(frames).toBeLessThanOrEqual(bytes.length / 19);
      }),
      { numRuns: 300 },
    );
  });
});
