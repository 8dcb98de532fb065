import { type Address, addressFromBytes } from '../../net/address.ts';
import { u32 } from './bytes.ts';

/** The one that came last: messages name the same few, one after the other. */
let lastText: Address | undefined;
let lastNumber = 0;

/** An IPv4 address or BGP Identifier as the unsigned 32-bit number that RFC 6286 §2.1 says it is. */
export function identifierNumber(id: Address): number {
  if (id !== lastText) {
    lastNumber = read(id);
    lastText = id;
  }
  return lastNumber;
}

/** The address in the four octets at `at`. */
export function identifierAt(bytes: Uint8Array, at: number): Address {
  const number = u32(bytes, at);
  if (lastText === undefined || number !== lastNumber) {
    lastText = addressFromBytes(bytes, at, 4);
    lastNumber = number;
  }
  return lastText;
}

function read(id: Address): number {
  let number = 0;
  let octet = 0;
  for (let i = 0; i < id.length; i++) {
    const c = id.charCodeAt(i);
    if (c === DOT) {
      number = number * 256 + octet;
      octet = 0;
    } else octet = octet * 10 + c - ZERO;
  }
  return number * 256 + octet;
}

const ZERO = 48;
const DOT = 46;
