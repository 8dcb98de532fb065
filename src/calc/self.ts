import type { NodeRecord } from '../kube/records/node.ts';
import { type Address, familyOf } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Problem } from '../ports/problem.ts';
import type { ClusterNode } from './cluster.ts';
import { type AddressPair, addressList, type NodeAddress, pairOf } from './node-addresses.ts';

/** This node as the cluster sees it. */
export interface Self {
  readonly name: string;
  readonly node: NodeRecord | undefined;
  readonly addresses: AddressPair;
  /** The addresses with why they are these. */
  readonly claims: readonly NodeAddress[];
  /** Without those that another node keeps (see `cluster.ts`). */
  readonly podCIDRs: readonly Prefix[];
  readonly problems: readonly Problem[];
}

/**
 * Finds ourselves among the nodes whose claims have been settled. `localAddresses` are those of this machine's links: an address
 * that none of them has cannot be spoken from, so it is reported. `containerAddresses` are those of links for containers, by the name
 * of the link: nobody else finds us there, and another choice of ours alone would help nobody, so that is reported too.
 */
export function computeSelf(
  name: string,
  nodes: ReadonlyMap<string, ClusterNode>,
  localAddresses: ReadonlySet<Address>,
  containerAddresses: ReadonlyMap<Address, string> = new Map(),
): Self {
  const found = nodes.get(name);
  if (found === undefined) {
    return {
      name,
      node: undefined,
      addresses: {},
      claims: [],
      podCIDRs: [],
      problems: [unknownNode(name, nodes)],
    };
  }
  const node = found.record;
  const addresses = pairOf(found.claims.map((claim) => claim.address));
  const problems: Problem[] = [];
  if (node.podCIDRs.length === 0) problems.push(noPodCIDR(name));
  if (addressList(addresses).length === 0) problems.push(noAddress(name));
  for (const address of addressList(addresses)) {
    const link = containerAddresses.get(address);
    if (link !== undefined) problems.push(unfitAddress(name, address, link, node, containerAddresses));
    else if (!localAddresses.has(address)) problems.push(foreignAddress(name, address, localAddresses));
  }
  return { name, node, addresses, claims: found.claims, podCIDRs: found.podCIDRs, problems };
}

function unknownNode(name: string, nodes: ReadonlyMap<string, unknown>): Problem {
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

function unfitAddress(
  name: string,
  address: Address,
  link: string,
  { internalIPs }: NodeRecord,
  unfit: ReadonlyMap<Address, string>,
): Problem {
  const family = familyOf(address);
  const better = internalIPs.find((a) => familyOf(a) === family && !unfit.has(a));
  return {
    code: 'GRY_NODE_ADDRESS_UNFIT',
    severity: 'error',
    subject: `Node ${name}`,
    message: `its address ${address} is on ${link}, a link for the containers of this machine, where other nodes do not find it`,
    remedy: `start the kubelet with --node-ip, or annotate the Node with gryphon.dev/ipv${family}-address${better === undefined ? '' : `=${better}`}`,
  };
}
