import type { Address } from '../../net/address.ts';
import { familyOf } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { Problem } from '../../ports/problem.ts';

/** Contradictions between objects, which no parser of one object can see. */

export const samePeer = (peer: string, address: Address, other: string): Problem => ({
  code: 'GRY_BGP_PEER_DUPLICATE',
  severity: 'error',
  subject: `BGPPeer ${peer}`,
  message: `it names ${address}, as BGPPeer ${other} does, which keeps the session`,
  remedy: 'delete one of the two, or let their nodeSelectors choose different nodes',
});

export const noLocalAddress = (peer: string, address: Address, node: string): Problem => ({
  code: 'GRY_BGP_PEER_FAMILY',
  severity: 'error',
  subject: `BGPPeer ${peer}`,
  message: `its address ${address} is IPv${familyOf(address)}, and Node ${node} has no address of that family`,
  remedy: 'give the peer by an address of a family that the node has, or give the node one',
});

export const wrongNodeAS = (peer: string, asNumber: number, node: string, actual: number): Problem => ({
  code: 'GRY_BGP_PEER_AS',
  severity: 'error',
  subject: `BGPPeer ${peer} spec.asNumber`,
  message: `it says ${asNumber}, and Node ${node}, whose address it names, is in AS ${actual}`,
  remedy: `write ${actual}, or give the Node another AS number`,
});

export const lonelyReflector = (node: string): Problem => ({
  code: 'GRY_BGP_REFLECTOR_ALONE',
  severity: 'warning',
  subject: `Node ${node}`,
  message: 'it is a route reflector, so the mesh leaves it out, and no BGPPeer gives it a session',
  remedy:
    'write a BGPPeer whose peerSelector selects it, or remove its annotation gryphon.dev/route-reflector-cluster-id',
});

export const missingFilter = (peer: string, filter: string): Problem => ({
  code: 'GRY_BGP_FILTER_MISSING',
  severity: 'error',
  subject: `BGPPeer ${peer} spec.filters`,
  message: `there is no usable BGPFilter ${filter}: it counts as one that rejects every route`,
  remedy: `create BGPFilter ${filter}, correct what is wrong in it, or take its name out`,
});

export const internalRole = (peer: string): Problem => ({
  code: 'GRY_BGP_ROLE_INTERNAL',
  severity: 'warning',
  subject: `BGPPeer ${peer} spec.role`,
  message: 'roles are for peers in another AS (RFC 9234 §4), the field has no effect',
  remedy: 'remove it',
});

export const passwordProblem = (subject: string, reason: string, remedy: string): Problem => ({
  code: 'GRY_BGP_PASSWORD',
  severity: 'error',
  subject,
  message: `the password cannot be used: ${reason}; without it there is no session`,
  remedy,
});

export const unknownCommunity = (subject: string, name: string): Problem => ({
  code: 'GRY_BGP_COMMUNITY_UNKNOWN',
  severity: 'error',
  subject,
  message: `${JSON.stringify(name)} is neither a community nor the name of one, it is left out`,
  remedy: 'add it to spec.communities, or write it like 65000:100, 65000:1:100 or no-export',
});

export const foreignAdvertisement = (subject: string, cidr: Prefix): Problem => ({
  code: 'GRY_BGP_ADVERTISEMENT_UNUSED',
  severity: 'warning',
  subject,
  message: `nothing that is announced lies within ${cidr}, so it has no effect`,
  remedy: 'write a CIDR that contains whole podCIDRs of nodes, or remove it',
});
