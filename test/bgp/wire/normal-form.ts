import { hex } from '../../../src/bgp/wire/bytes.ts';
import { attribute, fromHex } from './support.ts';

/**
 * A message without the freedom that the standards leave to whoever writes it, as text. Two messages with one normal form say the
 * same in octets that may differ in this only:
 *
 * - capabilities in one optional parameter or in several (RFC 5492 §4), in short or extended form (RFC 9072 §2);
 * - the order of path attributes (RFC 4271 §5: ascending "should" be), of MP_REACH_NLRI too (RFC 7606 §5.1);
 * - a length of two octets where one would do (RFC 4271 §4.3);
 * - the partial bit of an attribute that the writer does not know: who passes it on sets it (RFC 4271 §5);
 * - attributes in a message that announces nothing, where they mean nothing (RFC 4271 §4.3);
 * - a second next hop that is unspecified or says the first once more (RFC 2545 §3 wants none there).
 */
export function normalForm(text: string): string {
  const bytes = fromHex(text);
  if (bytes[18] === 1) return openForm(bytes);
  return bytes[18] === 2 ? updateForm(bytes) : text;
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

function openForm(bytes: Uint8Array): string {
  const extended = bytes[28] !== 0 && bytes[29] === 255;
  const capabilities: string[] = [];
  for (let at = extended ? 32 : 29; at < bytes.length; ) {
    const start = at + (extended ? 3 : 2);
    const end = start + (extended ? u16(bytes, at + 1) : (bytes[at + 1] ?? 0));
    for (let next = start; next < end; next += 2 + (bytes[next + 1] ?? 0))
      capabilities.push(hex(bytes.subarray(next, next + 2 + (bytes[next + 1] ?? 0))));
    at = end;
  }
  return `open ${hex(bytes.subarray(19, 28))} ${capabilities.join(' ')}`;
}

interface Raw {
  readonly flags: number;
  readonly type: number;
  readonly value: string;
}

const MP_REACH = 14;
const MP_UNREACH = 15;
const OPTIONAL_TRANSITIVE = 0xc0;
const PARTIAL = 0x20;
const EXTENDED = 0x10;
/** Optional transitive ones that we pass on unread. */
const isForeign = ({ flags, type }: Raw): boolean =>
  (flags & OPTIONAL_TRANSITIVE) === OPTIONAL_TRANSITIVE && ![7, 8, 16, 17, 18, 32, 35].includes(type);

function updateForm(bytes: Uint8Array): string {
  const attributesAt = 23 + u16(bytes, 19);
  const nlriAt = attributesAt + u16(bytes, attributesAt - 2);
  const all = attributes(bytes.subarray(attributesAt, nlriAt));
  const announces = nlriAt < bytes.length || all.some(({ type }) => type === MP_REACH);
  const kept = all
    .filter(({ type }) => announces || type === MP_UNREACH)
    .sort((a, b) => a.type - b.type)
    .map((raw) =>
      attribute((raw.flags & ~EXTENDED) | (isForeign(raw) ? PARTIAL : 0), raw.type, plainHop(raw)),
    );
  const withdrawn = hex(bytes.subarray(21, attributesAt - 2));
  return `update -${withdrawn} ${kept.join(' ')} +${hex(bytes.subarray(nlriAt))}`;
}

function attributes(bytes: Uint8Array): Raw[] {
  const all: Raw[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [flags = 0, type = 0] = bytes.subarray(at);
    const start = at + ((flags & EXTENDED) === 0 ? 3 : 4);
    const end = start + ((flags & EXTENDED) === 0 ? (bytes[at + 2] ?? 0) : u16(bytes, at + 2));
    all.push({ flags, type, value: hex(bytes.subarray(start, end)) });
    at = end;
  }
  return all;
}

/** MP_REACH_NLRI with one next hop where the second one says nothing. */
function plainHop({ type, value }: Raw): string {
  const hop = /^(.{6})20(.{32})(.{32})(.*)$/.exec(value);
  if (type !== MP_REACH || hop === null) return value;
  const [, family = '', first = '', second = '', rest = ''] = hop;
  const none = '0'.repeat(32);
  if (first !== second && first !== none && second !== none) return value;
  return `${family}10${first === none ? second : first}${rest}`;
}
