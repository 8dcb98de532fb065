import type { NodeRecord } from '../kube/records/node.ts';
import { type Address, type Family, familyOf } from '../net/address.ts';

/** One address per family at most. */
export interface AddressPair {
  readonly ipv4?: Address;
  readonly ipv6?: Address;
}

export const addressOf = (pair: AddressPair, family: Family): Address | undefined =>
  family === 4 ? pair.ipv4 : pair.ipv6;

/** A pair as a list, IPv4 first. */
export const addressList = (pair: AddressPair): readonly Address[] =>
  [pair.ipv4, pair.ipv6].filter((a) => a !== undefined);

/** The address that other nodes reach a node by: its annotation, else its first InternalIP of the family. */
export function nodeAddresses(node: NodeRecord): AddressPair {
  const ipv4 = node.annotatedAddresses.ipv4 ?? node.internalIPs.find((a) => familyOf(a) === 4);
  const ipv6 = node.annotatedAddresses.ipv6 ?? node.internalIPs.find((a) => familyOf(a) === 6);
  return { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
}
