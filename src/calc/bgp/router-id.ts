import { type Address, addressFromBigInt } from '../../net/address.ts';
import { fnv1a } from '../../net/fnv.ts';
import type { AddressPair } from '../node-addresses.ts';

/** The BGP Identifier of a node: its IPv4 address. */
export const routerIDOf = (name: string, addresses: AddressPair): Address =>
  addresses.ipv4 ?? hashedRouterID(name);

/** RFC 6286 §2.1: any four octets but zero that are unique in the AS; a hash of the name stands in where there is no IPv4. */
const hashedRouterID = (name: string): Address => addressFromBigInt(BigInt(fnv1a(name) || 1), 4);
