import { type Address, familyOf } from '../../net/address.ts';
import { type NodeRecord, parseNode, parseNodeBesideCalico } from '../records/node.ts';
import { asObject, defined, own, type PlainObject } from '../records/plain.ts';
import type { FieldProblem } from '../records/problem.ts';

/** What Calico says of one node, as annotations of ours. */
export interface NodeAnnotations {
  readonly node: string;
  /** `gryphon.dev/as-number`: `64512`. Those that the Node has already are left out. */
  readonly annotations: ReadonlyMap<string, string>;
  /** Of Calico's annotations. */
  readonly problems: readonly FieldProblem[];
}

/** Reads the annotations of a Node of Kubernetes. */
export function nodeAnnotations(value: unknown): NodeAnnotations {
  const ours = parseNode(value).record;
  const { record: both, problems } = parseNodeBesideCalico(value);
  const annotations = new Map<string, string>();
  const add = (name: string, own: unknown, calicos: string | number | undefined): void => {
    if (own === undefined && calicos !== undefined) annotations.set(`gryphon.dev/${name}`, String(calicos));
  };
  const addresses = both?.annotatedAddresses;
  add('ipv4-address', ours?.annotatedAddresses.ipv4, unlessChosen(addresses?.ipv4, both));
  add('ipv6-address', ours?.annotatedAddresses.ipv6, unlessChosen(addresses?.ipv6, both));
  add('as-number', ours?.asNumber, both?.asNumber);
  add('route-reflector-cluster-id', ours?.routeReflectorClusterID, both?.routeReflectorClusterID);
  return {
    node: both?.name ?? '',
    annotations,
    problems: problems.filter(({ path: [, field] }) => field === 'annotations' || field === 'name'),
  };
}

/** An address that every agent would choose without being told needs no annotation. */
function unlessChosen(address: Address | undefined, node: NodeRecord | undefined): Address | undefined {
  if (address === undefined) return undefined;
  const first = node?.internalIPs.find((other) => familyOf(other) === familyOf(address));
  return first === address ? undefined : address;
}

/** A Node of Calico's API (`projectcalico.org/v3`) with what it says in the annotations in which Calico keeps it otherwise. */
export function asKubernetesNode(value: unknown): PlainObject {
  const spec = asObject(own(asObject(value), 'spec'));
  const bgp = asObject(own(spec, 'bgp'));
  const asNumber = own(bgp, 'asNumber');
  const name = own(asObject(own(asObject(value), 'metadata')), 'name');
  const annotations = defined({
    'projectcalico.org/IPv4Address': own(bgp, 'ipv4Address'),
    'projectcalico.org/IPv6Address': own(bgp, 'ipv6Address'),
    'projectcalico.org/ASNumber': asNumber === 0 ? undefined : asNumber,
    'projectcalico.org/RouteReflectorClusterID': own(bgp, 'routeReflectorClusterID'),
  });
  return { metadata: { name, annotations }, status: { addresses: own(spec, 'addresses') } };
}
