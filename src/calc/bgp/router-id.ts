import { type Address, addressFromBigInt } from '../../net/address.ts';
import type { AddressPair } from '../node-addresses.ts';

/** The BGP Identifier of a node: its IPv4 address. */
export const routerIDOf = (name: string, addresses: AddressPair): Address =>
  addresses.ipv4 ?? hashedRouterID(name);

/** RFC 6286 §2.1: any four octets but zero that are unique in the AS; FNV-1a of the name stands in where there is no IPv4. */
function hashedRouterID(name: string): Address {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return addressFromBigInt(BigInt(hash === 0 ? 1 : hash), 4);
}
