import type { NodeRecord } from '../kube/records/node.ts';
import { type Address, type Family, familyOf } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Problem } from '../ports/problem.ts';

/** One address per family at most. */
export interface AddressPair {
  readonly ipv4?: Address;
  readonly ipv6?: Address;
}

/** This node as the cluster sees it. */
export interface Self {
  readonly name: string;
  readonly node: NodeRecord | undefined;
  readonly addresses: AddressPair;
  readonly podCIDRs: readonly Prefix[];
  readonly problems: readonly Problem[];
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

/**
 * Finds ourselves. `localAddresses` are those of this machine's links: an address that none of them has cannot be spoken from,
 * so it is reported.
 */
export function computeSelf(
  name: string,
  nodes: ReadonlyMap<string, NodeRecord>,
  localAddresses: ReadonlySet<Address>,
): Self {
  const node = nodes.get(name);
  if (node === undefined) {
    return { name, node, addresses: {}, podCIDRs: [], problems: [unknownNode(name, nodes)] };
  }
  const addresses = nodeAddresses(node);
  const problems: Problem[] = [];
  if (node.podCIDRs.length === 0) problems.push(noPodCIDR(name));
  if (addressList(addresses).length === 0) problems.push(noAddress(name));
  for (const address of addressList(addresses)) {
    if (!localAddresses.has(address)) problems.push(foreignAddress(name, address, localAddresses));
  }
  return { name, node, addresses, podCIDRs: node.podCIDRs, problems };
}

function unknownNode(name: string, nodes: ReadonlyMap<string, NodeRecord>): Problem {
  const known = [...nodes.keys()].sort().slice(0, 5).join(', ');
  return {
    code: 'GRY_NODE_UNKNOWN',
    severity: 'error',
    subject: `Node ${name}`,
    message: `there is no Node object of this name (${nodes.size === 0 ? 'there are none at all' : `known: ${known}${nodes.size > 5 ? ', …' : ''}`})`,
    remedy: 'set --node-name to the name that "kubectl get nodes" shows for this machine',
  };
}

const noPodCIDR = (name: string): Problem => ({
  code: 'GRY_POD_CIDR_MISSING',
  severity: 'error',
  subject: `Node ${name}`,
  message: 'it has no podCIDR, so pods on it cannot be given addresses',
  remedy:
    'let the controller manager allocate them (--allocate-node-cidrs=true --cluster-cidr=…) or set spec.podCIDRs of the Node',
});

const noAddress = (name: string): Problem => ({
  code: 'GRY_NODE_ADDRESS_MISSING',
  severity: 'error',
  subject: `Node ${name}`,
  message: 'it has no InternalIP and no annotation gryphon.dev/ipv4-address or gryphon.dev/ipv6-address',
  remedy: 'start the kubelet with --node-ip, or annotate the Node',
});

function foreignAddress(name: string, address: Address, local: ReadonlySet<Address>): Problem {
  const has = [...local].filter((a) => familyOf(a) === familyOf(address)).slice(0, 5);
  return {
    code: 'GRY_NODE_ADDRESS_FOREIGN',
    severity: 'error',
    subject: `Node ${name}`,
    message: `its address ${address} is on no interface of this machine (here: ${has.join(', ') || 'none of that family'})`,
    remedy: `check --node-name and the kubelet's --node-ip, or annotate the Node with gryphon.dev/ipv${familyOf(address)}-address`,
  };
}
