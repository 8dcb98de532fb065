import { type Address, addressBytes, addressFromBytes, type Family, familyOf } from '../../net/address.ts';
import { AF_INET, AF_INET6 } from '../../netlink/socket.ts';
import type { Endpoint } from '../transport.ts';

/** The address family of the socket interface. */
export const socketFamily = (family: Family): number => (family === 4 ? AF_INET : AF_INET6);

/** struct sockaddr_in (16 bytes) or struct sockaddr_in6 (28 bytes). */
export function encodeSockaddr({ address, port }: Endpoint): Uint8Array {
  const family = familyOf(address);
  const bytes = new Uint8Array(family === 4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, socketFamily(family), true);
  view.setUint16(2, port);
  bytes.set(addressBytes(address), family === 4 ? 4 : 8);
  return bytes;
}

/** Zones are left out: link-local peers are told apart by their address alone. */
export function decodeSockaddr(bytes: Uint8Array): Endpoint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family = view.byteLength < 2 ? undefined : view.getUint16(0, true);
  if (family === AF_INET && view.byteLength >= 16) {
    return { address: addressFromBytes(bytes, 4, 4), port: view.getUint16(2) };
  }
  if (family === AF_INET6 && view.byteLength >= 28) {
    return { address: addressFromBytes(bytes, 8, 6), port: view.getUint16(2) };
  }
  return NOWHERE;
}

/** What a socket has that broke before it was looked at: no peer matches it. */
const NOWHERE: Endpoint = { address: '' as Address, port: 0 };
