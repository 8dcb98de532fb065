import { type Address, type Family, familyOf } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import { addressDecoder, asNumberDecoder, type FieldDecoder, prefixDecoder } from './field-decoder.ts';
import { unknownField } from './inspect.ts';
import { readName } from './kind-object.ts';
import { asList, asObject, defined, own, type PlainObject } from './plain.ts';
import { type FieldProblem, invalidField, type Parsed, type Path } from './problem.ts';

/** What the agent needs of a Kubernetes Node; everything else is left out of memory. */
export interface NodeRecord {
  readonly name: string;
  /** `metadata.uid`: another Node of the same name has another. Absent in manifests. */
  readonly uid?: string;
  /** `spec.podCIDRs`, or `spec.podCIDR` where only that is set, in the order given; invalid ones are left out and reported. */
  readonly podCIDRs: readonly Prefix[];
  /** `status.addresses` of type InternalIP, in the order given. */
  readonly internalIPs: readonly Address[];
  /** Annotations `gryphon.dev/ipv4-address` and `gryphon.dev/ipv6-address` (a trailing `/length` is cut off). */
  readonly annotatedAddresses: { readonly ipv4?: Address; readonly ipv6?: Address };
  /** Annotation `gryphon.dev/as-number`. */
  readonly asNumber?: number;
  /** Annotation `gryphon.dev/route-reflector-cluster-id`. */
  readonly routeReflectorClusterID?: Address;
  readonly labels: Readonly<Record<string, string>>;
  /** The condition `Ready` is `True`; false also when it is missing. */
  readonly ready: boolean;
  readonly unschedulable: boolean;
  /** The kubelet is shutting the node down, and says so in the condition `Ready`. Absent: it is not. */
  readonly shuttingDown?: true;
  /** The condition `NetworkUnavailable`; absent: there is none, or nobody knows. */
  readonly networkUnavailable?: boolean;
  /** Index in `spec.taints` of the taint with which nodes are registered that have no agent yet. Absent: not tainted so. */
  readonly startupTaint?: number;
}

/** Key of the taint that keeps pods away until the agent is ready. */
export const STARTUP_TAINT = 'gryphon.dev/agent-not-ready';

/** The names of our annotations, without the group, and what Calico calls them. */
const annotationNames = {
  'ipv4-address': 'projectcalico.org/IPv4Address',
  'ipv6-address': 'projectcalico.org/IPv6Address',
  'as-number': 'projectcalico.org/ASNumber',
  'route-reflector-cluster-id': 'projectcalico.org/RouteReflectorClusterID',
} as const;
const annotationPrefix = 'gryphon.dev/';

/**
 * A Node of the core API `v1`, of any release: only the fields that the record needs are looked at. Only a Node without a
 * name is refused; other wrong values are left out and reported: as errors where they cost the Node its traffic.
 */
export function parseNode(value: unknown): Parsed<NodeRecord> {
  return readNode(value, false);
}

/** As `parseNode`; an annotation of Calico's counts where ours is absent. */
export function parseNodeBesideCalico(value: unknown): Parsed<NodeRecord> {
  return readNode(value, true);
}

function readNode(value: unknown, calicoKinds: boolean): Parsed<NodeRecord> {
  const { name, subject, problems } = readName('Node', value);
  if (name === undefined) return { problems };
  const metadata = asObject(own(asObject(value), 'metadata'));
  const spec = asObject(own(asObject(value), 'spec'));
  const status = asObject(own(asObject(value), 'status'));
  const ready = conditionOf(status, 'Ready');
  const network = own(conditionOf(status, 'NetworkUnavailable'), 'status');
  const taint = asList(own(spec, 'taints')).findIndex((t) => own(asObject(t), 'key') === STARTUP_TAINT);
  const node: NodeReader = { subject, problems, calicoKinds };
  const record: NodeRecord = {
    name,
    ...readUid(metadata),
    podCIDRs: readPodCIDRs(node, spec),
    internalIPs: readInternalIPs(node, status),
    ...readAnnotations(node, asObject(own(metadata, 'annotations'))),
    labels: readLabels(node, asObject(own(metadata, 'labels'))),
    ready: own(ready, 'status') === 'True',
    unschedulable: own(spec, 'unschedulable') === true,
    ...(isShutdown(ready) && { shuttingDown: true }),
    ...((network === 'True' || network === 'False') && { networkUnavailable: network === 'True' }),
    ...(taint >= 0 && { startupTaint: taint }),
  };
  return { record, problems };
}

/** Longer than any UUID. */
const LONGEST_UID = 64;

function readUid(metadata: PlainObject): Pick<NodeRecord, 'uid'> {
  const uid = own(metadata, 'uid');
  return typeof uid === 'string' && uid !== '' && uid.length <= LONGEST_UID ? { uid } : {};
}

const conditionOf = (status: PlainObject, type: string): PlainObject =>
  asObject(asList(own(status, 'conditions')).find((condition) => own(asObject(condition), 'type') === type));

/** The kubelet has no field for it: its shutdown manager adds this text to the message of a condition that is False. */
function isShutdown(ready: PlainObject): boolean {
  const message = own(ready, 'message');
  return (
    own(ready, 'status') === 'False' &&
    typeof message === 'string' &&
    message.includes('node is shutting down')
  );
}

/** Where the parts of the parser report to. */
interface NodeReader {
  readonly subject: string;
  readonly problems: FieldProblem[];
  readonly calicoKinds: boolean;
}

function readPodCIDRs(node: NodeReader, spec: PlainObject): Prefix[] {
  const list = asList(own(spec, 'podCIDRs'));
  if (list.length > 0) return decodeAll(node, ['spec', 'podCIDRs'], list, prefixDecoder);
  const single = own(spec, 'podCIDR');
  return isAbsent(single) ? [] : present(decode(node, ['spec', 'podCIDR'], single, prefixDecoder));
}

/** `podCIDR: ""` is what a Node has before the controller manager has given it one. */
const isAbsent = (value: unknown): boolean => value === undefined || value === '';

function readInternalIPs(node: NodeReader, status: PlainObject): Address[] {
  return asList(own(status, 'addresses')).flatMap((entry, i) => {
    const { type, address } = asObject(entry);
    if (type !== 'InternalIP') return [];
    return present(decode(node, ['status', 'addresses', i, 'address'], address, addressDecoder));
  });
}

function readAnnotations(
  node: NodeReader,
  annotations: PlainObject,
): Pick<NodeRecord, 'annotatedAddresses' | 'asNumber' | 'routeReflectorClusterID'> {
  for (const key of Object.keys(annotations)) {
    if (!key.startsWith(annotationPrefix)) continue;
    const name = key.slice(annotationPrefix.length);
    if (!Object.hasOwn(annotationNames, name)) {
      node.problems.push(unknownField(node.subject, ['metadata', 'annotations', key], annotationKeys));
    }
  }
  const read = <T>(name: keyof typeof annotationNames, decoder: FieldDecoder<T>): T | undefined => {
    const ours = annotationPrefix + name;
    const key = node.calicoKinds && isAbsent(own(annotations, ours)) ? annotationNames[name] : ours;
    const value = own(annotations, key);
    return isAbsent(value) ? undefined : decode(node, ['metadata', 'annotations', key], value, decoder);
  };
  return {
    annotatedAddresses: defined({
      ipv4: read('ipv4-address', nodeAddressDecoder(4)),
      ipv6: read('ipv6-address', nodeAddressDecoder(6)),
    }),
    ...defined({
      asNumber: read('as-number', asNumberDecoder),
      routeReflectorClusterID: read('route-reflector-cluster-id', clusterIDDecoder),
    }),
  };
}

const annotationKeys = Object.fromEntries(
  Object.keys(annotationNames).map((name) => [annotationPrefix + name, 1]),
);

/** Calico's annotations carry the length of the subnet behind the address; it is of no use here. */
function nodeAddressDecoder(family: Family): FieldDecoder<Address> {
  return {
    decode: (value) => {
      const address = addressDecoder.decode(String(value).replace(/\/\d{1,3}$/, ''));
      return address !== undefined && familyOf(address) === family ? address : undefined;
    },
    expects: () => `an IPv${family} address`,
    remedy: () => (family === 4 ? 'write it like 192.0.2.1' : 'write it like 2001:db8::1'),
  };
}

/** RFC 4456 §7: four octets, written like an IPv4 address. */
const clusterIDDecoder: FieldDecoder<Address> = {
  ...nodeAddressDecoder(4),
  expects: () => 'a cluster ID in the form of an IPv4 address',
};

function readLabels(node: NodeReader, labels: PlainObject): Record<string, string> {
  const entries: [string, string][] = [];
  for (const [key, value] of Object.entries(labels)) {
    if (typeof value === 'string') entries.push([key, value]);
    else node.problems.push(labelLeftOut(node, key, value));
  }
  return Object.fromEntries(entries);
}

function decodeAll<T>(node: NodeReader, path: Path, list: readonly unknown[], decoder: FieldDecoder<T>): T[] {
  return list.flatMap((value, i) => present(decode(node, [...path, i], value, decoder)));
}

function decode<T>(node: NodeReader, path: Path, value: unknown, decoder: FieldDecoder<T>): T | undefined {
  const scalar = typeof value === 'string' || typeof value === 'number' ? value : '';
  const decoded = decoder.decode(scalar);
  if (decoded === undefined) {
    const { subject, problems } = node;
    problems.push(invalidField(subject, path, value, decoder.expects(scalar), decoder.remedy(scalar)));
  }
  return decoded;
}

const present = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);

/** Selectors do without a label; whoever misses it will look for it. */
const labelLeftOut = (node: NodeReader, key: string, value: unknown): FieldProblem => ({
  ...invalidField(node.subject, ['metadata', 'labels', key], value, 'a text', 'write it in quotes'),
  severity: 'warning',
});
