import { decodeMessage } from '../../../src/bgp/wire/codec.ts';
import { Framer } from '../../../src/bgp/wire/framer.ts';
import { MAX_LENGTH } from '../../../src/bgp/wire/header.ts';
import type { WireContext } from '../../../src/bgp/wire/message.ts';
import { type ReadableDecoded, readable } from '../../../src/bgp/wire/readable.ts';

/** An external session with everything that does not change the form of prefixes. */
export const context: WireContext = {
  external: true,
  fourOctetAS: true,
  families: ['ipv4-unicast', 'ipv6-unicast'],
  addPathReceive: [],
  addPathSend: [],
  extendedNextHop: false,
  enhancedRefresh: false,
  maxReceive: MAX_LENGTH,
  maxSend: MAX_LENGTH,
};

export const internal: WireContext = { ...context, external: false };

/** Bytes from hexadecimal digits; white space between them is for the reader. */
export const fromHex = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text.replaceAll(/\s/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** Two, four or eight digits of a length field. */
const digits = (value: number, count: number): string => value.toString(16).padStart(count, '0');

const octets = (text: string): number => text.replaceAll(/\s/g, '').length / 2;

/** A message in hex: header with the right length, then the body. */
export const message = (type: number, body: string): string =>
  `${'ff'.repeat(16)}${digits(19 + octets(body), 4)}${digits(type, 2)}${body}`;

/** An UPDATE in hex with right length fields around its three parts. */
export const update = (withdrawn: string, attributes: string, nlri: string): string =>
  message(
    2,
    `${digits(octets(withdrawn), 4)}${withdrawn}${digits(octets(attributes), 4)}${attributes}${nlri}`,
  );

/** An attribute in hex with the right length. */
export const attribute = (flags: number, type: number, value: string): string =>
  `${digits(flags, 2)}${digits(type, 2)}${digits(octets(value), 2)}${value}`;

/** Through framer and decoder, prefixes as texts; the bytes must be one message or the beginning of a bad one. */
export function decode(bytes: Uint8Array, ctx: WireContext = context): ReadableDecoded {
  const framer = new Framer(ctx.maxReceive);
  framer.push(bytes);
  const frame = framer.next();
  if (frame === undefined) throw new Error('the message is not complete');
  return frame.kind === 'broken' ? frame.reset : readable(decodeMessage(frame, ctx));
}

export const decodeHex = (text: string, ctx: WireContext = context): ReadableDecoded =>
  decode(fromHex(text), ctx);
