import { addressBytes, addressFromBytes } from '../../net/address.ts';
import { ByteWriter } from '../../net/byte-writer.ts';
import { AS_TRANS } from './as-path.ts';
import { hex, u8, u16 } from './bytes.ts';
import { decodeCapability, encodeCapability } from './capabilities.ts';
import type { Capability } from './capability.ts';
import { beginMessage, endMessage, HEADER_LENGTH, TYPE_OPEN } from './header.ts';
import type { OpenMessage, Reset } from './message.ts';
import { reset } from './notification.ts';

const VERSION = 4;

/** RFC 5492 §4; RFC 9072 §2. */
const PARAMETER_CAPABILITIES = 2;
const PARAMETER_EXTENDED = 255;

const AT_VERSION = HEADER_LENGTH;
const AT_AS = AT_VERSION + 1;
const AT_HOLD_TIME = AT_VERSION + 3;
const AT_ROUTER_ID = AT_VERSION + 5;
const AT_PARAMETERS = AT_VERSION + 9;

/** RFC 4271 §4.2 and §6.2. Whether AS, router ID and role are those that were configured is for the state machine. */
export function decodeOpen(bytes: Uint8Array): OpenMessage | Reset {
  const version = u8(bytes, AT_VERSION);
  if (version !== VERSION) {
    return reset('unsupportedVersion', `version ${version} is not ${VERSION}`, Uint8Array.of(0, VERSION));
  }
  const capabilities = readParameters(bytes);
  if (!Array.isArray(capabilities)) return capabilities;

  const fourOctet = capabilities.find((c) => c.kind === 'four-octet-as');
  const as = fourOctet?.as ?? u16(bytes, AT_AS);
  // RFC 7607 §2
  if (as === 0 || u16(bytes, AT_AS) === 0) return reset('badPeerAS', 'AS number 0');
  const holdTime = u16(bytes, AT_HOLD_TIME);
  if (holdTime === 1 || holdTime === 2) {
    return reset('unacceptableHoldTime', `hold time ${holdTime} is neither 0 nor at least 3`);
  }
  const routerID = addressFromBytes(bytes, AT_ROUTER_ID, 4);
  // RFC 6286 §2.2
  if (routerID === '0.0.0.0') return reset('badBgpIdentifier', 'BGP identifier 0.0.0.0');
  // RFC 9234 §4.2
  const roles = new Set(capabilities.flatMap((c) => (c.kind === 'role' ? [c.role] : [])));
  if (roles.size > 1) return reset('roleMismatch', `different roles at once: ${[...roles].join(', ')}`);
  return { kind: 'open', as, holdTime, routerID, capabilities };
}

/** The capabilities of all parameters. A parameter that ends after the message or before its content is malformed. */
function readParameters(bytes: Uint8Array): Capability[] | Reset {
  const form = parameterForm(bytes);
  if (form === undefined || form.end !== bytes.length) {
    return reset('malformedOpen', 'the length of the optional parameters is not that of the message');
  }
  const capabilities: Capability[] = [];
  for (let at = form.start; at < form.end; ) {
    const type = u8(bytes, at);
    const start = at + 1 + form.lengthOctets;
    const length = form.lengthOctets === 2 ? u16(bytes, at + 1) : u8(bytes, at + 1);
    at = start + length;
    if (at > form.end) return reset('malformedOpen', `optional parameter ${type} ends after the message`);
    if (type !== PARAMETER_CAPABILITIES) {
      return reset('unsupportedOptionalParameter', `optional parameter ${type} is unknown`);
    }
    const malformed = readCapabilities(bytes, start, at, capabilities);
    if (malformed !== undefined) return malformed;
  }
  return capabilities;
}

/** Where the parameters are and how long their length fields; undefined where not even that is there. */
function parameterForm(
  bytes: Uint8Array,
): { readonly start: number; readonly end: number; readonly lengthOctets: 1 | 2 } | undefined {
  const length = u8(bytes, AT_PARAMETERS);
  const start = AT_PARAMETERS + 1;
  // RFC 9072 §2: the type alone decides, whatever the length says, except that 0 means that there are none.
  if (length === 0 || u8(bytes, start) !== PARAMETER_EXTENDED) {
    return { start, end: start + length, lengthOctets: 1 };
  }
  if (start + 3 > bytes.length) return undefined;
  return { start: start + 3, end: start + 3 + u16(bytes, start + 1), lengthOctets: 2 };
}

/** RFC 5492 §4: code, length, value, repeated. */
function readCapabilities(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Capability[],
): Reset | undefined {
  for (let at = start; at < end; ) {
    const next = at + 2 + u8(bytes, at + 1);
    if (at + 2 > end || next > end) {
      return reset('malformedOpen', `capability ${u8(bytes, at)} ends after its parameter`);
    }
    const capability = decodeCapability(u8(bytes, at), bytes.subarray(at + 2, next));
    if (capability === undefined) {
      const raw = bytes.slice(at, next);
      return reset('malformedOpen', `capability ${u8(bytes, at)} is malformed: ${hex(raw)}`, raw);
    }
    into.push(capability);
    at = next;
  }
  return undefined;
}

/** All capabilities go into one parameter, as every implementation of today does; a long one by RFC 9072. */
export function encodeOpen(out: ByteWriter, message: OpenMessage): void {
  const capabilities = new ByteWriter();
  for (const capability of message.capabilities) encodeCapability(capabilities, capability);
  const start = beginMessage(out, TYPE_OPEN);
  out.u8(VERSION).u16(message.as > 0xffff ? AS_TRANS : message.as);
  out.u16(message.holdTime).bytes(addressBytes(message.routerID));
  writeParameters(out, capabilities.view());
  endMessage(out, start);
}

function writeParameters(out: ByteWriter, capabilities: Uint8Array): void {
  const length = capabilities.length;
  if (length === 0) {
    out.u8(0);
  } else if (length + 2 <= 0xff) {
    out
      .u8(length + 2)
      .u8(PARAMETER_CAPABILITIES)
      .u8(length)
      .bytes(capabilities);
  } else {
    out
      .u8(PARAMETER_EXTENDED)
      .u8(PARAMETER_EXTENDED)
      .u16(length + 3);
    out.u8(PARAMETER_CAPABILITIES).u16(length).bytes(capabilities);
  }
}
