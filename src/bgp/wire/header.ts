import type { ByteWriter } from '../../net/byte-writer.ts';
import { u8, u16 } from './bytes.ts';
import type { Reset } from './message.ts';
import { reset } from './notification.ts';

export const HEADER_LENGTH = 19;
const MARKER_LENGTH = 16;

/** RFC 4271 §4.1, and what RFC 8654 §4 makes of it. */
export const MAX_LENGTH = 4096;
export const MAX_EXTENDED_LENGTH = 65535;

export const TYPE_OPEN = 1;
export const TYPE_UPDATE = 2;
export const TYPE_NOTIFICATION = 3;
export const TYPE_KEEPALIVE = 4;
export const TYPE_ROUTE_REFRESH = 5;

/**
 * RFC 4271 §6.1: the shortest and longest message of each type. A short ROUTE-REFRESH has an error code of its own and is
 * judged later; OPEN and KEEPALIVE never become longer (RFC 8654 §4).
 */
const LENGTHS: ReadonlyMap<number, { readonly min: number; readonly max: number }> = new Map([
  [TYPE_OPEN, { min: 29, max: MAX_LENGTH }],
  [TYPE_UPDATE, { min: 23, max: MAX_EXTENDED_LENGTH }],
  [TYPE_NOTIFICATION, { min: 21, max: MAX_EXTENDED_LENGTH }],
  [TYPE_KEEPALIVE, { min: HEADER_LENGTH, max: HEADER_LENGTH }],
  [TYPE_ROUTE_REFRESH, { min: HEADER_LENGTH, max: MAX_EXTENDED_LENGTH }],
]);

/** The length of the message whose 19 octets of header stand at `at`, or why the session must end. RFC 4271 §6.1. */
export function readHeader(bytes: Uint8Array, at: number, maxLength: number): number | Reset {
  for (let i = 0; i < MARKER_LENGTH; i++) {
    if (u8(bytes, at + i) !== 0xff) {
      return reset('connectionNotSynchronized', `octet ${i} of the marker is ${u8(bytes, at + i)}, not 255`);
    }
  }
  const length = u16(bytes, at + MARKER_LENGTH);
  if (length < HEADER_LENGTH || length > maxLength) {
    return badLength(length, `message length ${length} is not in ${HEADER_LENGTH}..${maxLength}`);
  }
  const type = u8(bytes, at + MARKER_LENGTH + 2);
  const limits = LENGTHS.get(type);
  if (limits === undefined) {
    return reset('badMessageType', `message type ${type} is unknown`, Uint8Array.of(type));
  }
  if (length < limits.min || length > limits.max) {
    return badLength(
      length,
      `length ${length} of a message of type ${type} is not in ${limits.min}..${limits.max}`,
    );
  }
  return length;
}

/** The data are the length as it came. */
const badLength = (length: number, reason: string): Reset =>
  reset('badMessageLength', reason, Uint8Array.of(length >> 8, length & 0xff));

/** Writes a header whose length is still open; gives the index to call `endMessage` with. */
export function beginMessage(out: ByteWriter, type: number): number {
  const start = out.length;
  for (let i = 0; i < MARKER_LENGTH / 4; i++) out.u32(0xffffffff);
  out.u16(0).u8(type);
  return start;
}

export function endMessage(out: ByteWriter, start: number): void {
  out.patchU16(start + MARKER_LENGTH, out.length - start);
}
