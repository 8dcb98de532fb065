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

/** An address of a node, and why this one. */
export interface NodeAddress {
  readonly address: Address;
  /** Ends the sentence "it is used because it is …". */
  readonly reason: string;
}

/**
 * The address of one family that other nodes reach a node by. In this order: its annotation; the first of its InternalIPs that can
 * be one machine's alone; the first InternalIP. What the bridges of docker and libvirt, nodelocaldns and kube-ipvs0 have is the
 * same on every machine, so `isShared`, which everybody answers alike, finds it on nodes whose links nobody else sees.
 */
export function nodeAddress(
  node: NodeRecord,
  family: Family,
  isShared: (address: Address) => boolean = () => false,
): NodeAddress | undefined {
  const annotated = addressOf(node.annotatedAddresses, family);
  if (annotated !== undefined) {
    return { address: annotated, reason: `in the annotation gryphon.dev/ipv${family}-address` };
  }
  const given = node.internalIPs.filter((a) => familyOf(a) === family);
  const [first] = given;
  if (first === undefined) return undefined;
  if (given.length === 1) return { address: first, reason: `the only IPv${family} InternalIP` };
  const fit = given.find((a) => !isLocalScope(a) && !isShared(a));
  if (fit === undefined || fit === first)
    return { address: first, reason: `the first IPv${family} InternalIP` };
  const skipped = given.slice(0, given.indexOf(fit));
  const why = skipped.map(
    (a) => `${a} ${isLocalScope(a) ? 'means something on one link only' : 'is on several nodes'}`,
  );
  return { address: fit, reason: `the first fit IPv${family} InternalIP: ${why.join(', ')}` };
}

/** Both families, IPv4 first; see `nodeAddress`. */
export function claimedAddresses(
  node: NodeRecord,
  isShared?: (address: Address) => boolean,
): readonly NodeAddress[] {
  const claims = [nodeAddress(node, 4, isShared), nodeAddress(node, 6, isShared)];
  return claims.filter((claim) => claim !== undefined);
}

/** A list with at most one address per family as a pair. */
export function pairOf(addresses: readonly Address[]): AddressPair {
  const ipv4 = addresses.find((a) => familyOf(a) === 4);
  const ipv6 = addresses.find((a) => familyOf(a) === 6);
  return { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
}

/** Loopback and link-local addresses, RFC 1122 §3.2.1.3, RFC 3927, RFC 4291 §2.5.3 and §2.5.6. */
const isLocalScope = (address: Address): boolean =>
  /^(127\.|169\.254\.|fe[89ab][0-9a-f]:)/.test(address) || address === '::1';

/**
 * Links whose addresses are for the containers of one machine: docker, podman, LXC, libvirt, kube-proxy's and nodelocaldns' dummies, and
 * the links of container networks, ours included.
 */
const containerLink =
  /^(docker|podman|br-[0-9a-f]{12}$|lxcbr|lxdbr|virbr|cni|cbr|kube-ipvs|kube-bridge|kube-dummy|nodelocaldns|flannel|cali|tunl|vxlan\.calico|vxlan-v6\.calico|wireguard\.cali|wg-v6\.cali|cilium|lxc|weave|ovn|antrea|kindnet|gryp|gry-)/;

export const isContainerLink = (name: string): boolean => containerLink.test(name);
