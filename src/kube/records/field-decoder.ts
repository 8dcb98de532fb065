import { type Address, isMulticast, isUnspecified, parseAddress } from '../../net/address.ts';
import { type Prefix, parsePrefix } from '../../net/prefix.ts';
import { describeError } from '../../ports/error.ts';
import { parseDuration } from './duration.ts';
import { isObjectName } from './name.ts';
import { parseSelector } from './selector.ts';

/** What a field that needs decoding may hold. */
export type Scalar = string | number;

/** Reads a field whose schema says only "text" or "integer or text". */
export interface FieldDecoder<T> {
  decode(value: Scalar): T | undefined;
  /** Ends the sentence "… is not …". */
  expects(value: Scalar): string;
  remedy(value: Scalar): string;
}

const decoder = <T>(
  decode: (value: Scalar) => T | undefined,
  expects: string,
  remedy: string,
): FieldDecoder<T> => ({ decode, expects: () => expects, remedy: () => remedy });

const LARGEST_AS = 0xffff_ffff;

/** RFC 6793 numbers; also asdot (RFC 5396 §2), which Calico takes as a text. */
export const asNumberDecoder = decoder(
  (value) => {
    const asNumber = typeof value === 'number' ? value : parseAsNumber(value);
    return asNumber !== undefined && asNumber >= 1 && asNumber <= LARGEST_AS ? asNumber : undefined;
  },
  'an AS number from 1 to 4294967295 or in asdot notation ("65001.5")',
  'write the AS number that the operator of the network gave out',
);

function parseAsNumber(text: string): number | undefined {
  const match = /^(?:(\d{1,5})\.)?(\d{1,10})$/.exec(text);
  if (match === null) return undefined;
  const low = Number(match[2]);
  if (match[1] === undefined) return low;
  const high = Number(match[1]);
  return high > 0xffff || low > 0xffff ? undefined : high * 0x1_0000 + low;
}

/** Whole seconds of a number, its text, or a Go duration. */
function parseSeconds(value: Scalar): number | undefined {
  if (typeof value === 'number') return value;
  return /^\d{1,9}$/.test(value) ? Number(value) : parseDuration(value);
}

/** RFC 4271 §4.2: zero, or at least three seconds. */
export const holdTimeDecoder = decoder(
  (value) => {
    const seconds = parseSeconds(value);
    return seconds !== undefined && (seconds === 0 || (seconds >= 3 && seconds <= 65_535))
      ? seconds
      : undefined;
  },
  'a hold time: 0, or 3 to 65535 seconds',
  'write at least 3, or 0 for a session without keepalives',
);

export const keepaliveTimeDecoder = decoder(
  (value) => {
    const seconds = parseSeconds(value);
    return seconds !== undefined && seconds >= 1 && seconds <= 65_535 ? seconds : undefined;
  },
  'a keepalive time: 1 to 65535 seconds',
  'write a third of the hold time, or remove the field',
);

/** RFC 4724 §3: twelve bits of seconds. */
export const restartTimeDecoder = decoder(
  (value) => {
    const seconds = parseSeconds(value);
    return seconds !== undefined && seconds >= 0 && seconds <= 4095 ? seconds : undefined;
  },
  'a restart time: 0 to 4095 seconds',
  'write 120s, or remove the field',
);

/** How long long-lived stale routes are kept at most: up to a week, where the 24 bits of RFC 9494 §3.1 have room for 194 days. */
export const staleTimeDecoder = decoder(
  (value) => {
    const seconds = parseSeconds(value);
    return seconds !== undefined && seconds >= 0 && seconds <= 604_800 ? seconds : undefined;
  },
  'a stale time: 0 to 604800 seconds',
  'write 1h, or remove the field',
);

/** How long something waits: up to a day. */
export const waitDecoder = decoder(
  (value) => {
    const seconds = parseSeconds(value);
    return seconds !== undefined && seconds >= 1 && seconds <= 86_400 ? seconds : undefined;
  },
  'a time: 1 to 86400 seconds',
  'write 300s, or remove the field',
);

export interface PeerAddress {
  readonly address: Address;
  readonly port?: number;
}

/** Calico's `peerIP`: an address, or `192.0.2.1:1790`, `[2001:db8::1]:1790`. */
export const peerAddressDecoder = decoder(
  parsePeerAddress,
  'the unicast address of a peer, with or without port',
  'write it like 192.0.2.1, 192.0.2.1:1790, 2001:db8::1 or [2001:db8::1]:1790',
);

function parsePeerAddress(value: Scalar): PeerAddress | undefined {
  const text = String(value);
  const match = /^(?:\[([^\]]+)\]|([^:]+)):([1-9]\d{0,4})$/.exec(text);
  const parsed = parseAddress(match?.[1] ?? match?.[2] ?? text);
  if (parsed === undefined || isUnspecified(parsed) || isMulticast(parsed)) return undefined;
  if (match === null) return { address: parsed };
  const port = Number(match[3]);
  const isBracketed = match[1] !== undefined;
  return port > 65_535 || isBracketed !== parsed.includes(':') ? undefined : { address: parsed, port };
}

export const prefixDecoder: FieldDecoder<Prefix> = {
  decode: (value) => parsePrefix(String(value)),
  expects: (value) =>
    parsePrefix(String(value), { mask: true }) === undefined
      ? 'a CIDR'
      : 'a CIDR without bits set beyond its length',
  remedy: (value) => {
    const masked = parsePrefix(String(value), { mask: true });
    return masked === undefined ? 'write it like 10.244.1.0/24 or fd00:244::/64' : `write ${masked}`;
  },
};

export const addressDecoder = decoder(
  (value) => parseAddress(String(value)),
  'an IPv4 or IPv6 address',
  'write it like 192.0.2.1 or 2001:db8::1',
);

/** Where something is reached: no multicast address and no unspecified one. */
export const unicastDecoder = decoder(
  (value) => {
    const parsed = parseAddress(String(value));
    return parsed === undefined || isUnspecified(parsed) || isMulticast(parsed) ? undefined : parsed;
  },
  'a unicast address',
  'write it like 192.0.2.1 or 2001:db8::1',
);

/** An absolute path that says what it means: no `.` and `..`, no empty step, no control character. */
export const filePathDecoder = decoder(
  (value) => {
    const text = String(value);
    const steps = text.split('/').slice(1);
    const isClean = steps.every((step) => step !== '' && step !== '.' && step !== '..');
    return text.startsWith('/') && isClean && !/\p{Cc}/u.test(text) ? text : undefined;
  },
  'the absolute path of a file',
  'write it like /etc/gryphon/bgp-password',
);

export const objectNameDecoder = decoder(
  (value) => (isObjectName(String(value)) ? String(value) : undefined),
  'the name of an object',
  'write it as metadata.name of the object says',
);

export const nodeNameDecoder = decoder(
  (value) => (isObjectName(String(value)) ? String(value) : undefined),
  'the name of a Node',
  'write it as kubectl get nodes shows it',
);

/** Checks the selector; keeps the text, which the record holds. */
export const selectorDecoder: FieldDecoder<string> = {
  decode: (value) => (selectorError(String(value)) === undefined ? String(value) : undefined),
  expects: (value) => `a selector: ${selectorError(String(value))}`,
  remedy: () => "write it like rack == 'a' && !has(gpu)",
};

function selectorError(text: string): string | undefined {
  try {
    parseSelector(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : describeError(error);
  }
}
