import type { Static } from 'typebox';
import { type Address, familyOf } from '../../net/address.ts';
import { bgpPeerKind } from '../kinds/bgp-peer.ts';
import {
  asNumberDecoder,
  holdTimeDecoder,
  keepaliveTimeDecoder,
  nodeNameDecoder,
  type PeerAddress,
  peerAddressDecoder,
  restartTimeDecoder,
  selectorDecoder,
  staleTimeDecoder,
  unicastDecoder,
  waitDecoder,
} from './field-decoder.ts';
import { decodeField, excludeFields, type KindObject, readObject, requireField } from './kind-object.ts';
import { type PasswordSource, readPasswordSource } from './password-source.ts';
import { defined } from './plain.ts';
import { fieldProblem, hasError, type Parsed } from './problem.ts';

type Spec = Static<typeof bgpPeerKind.spec>;

/** A BGPPeer of `gryphon.dev/v1alpha1`; names and meaning are Calico v3's. Either `peerIP` with `asNumber`, or `peerSelector`. */
export interface BGPPeerRecord {
  readonly name: string;
  /** Only the node of this name has the peer. Excludes `nodeSelector`. */
  readonly node?: string;
  /** Calico selector over node labels; absent (with `node` absent too): every node. */
  readonly nodeSelector?: string;
  readonly peerIP?: Address;
  /** Port behind `peerIP` (`192.0.2.1:1790`, `[2001:db8::1]:1790`). */
  readonly port?: number;
  readonly asNumber?: number;
  /** Calico selector over node labels: those nodes are the peers. */
  readonly peerSelector?: string;
  readonly localASNumber?: number;
  readonly password?: PasswordSource;
  /** `UseNodeIP` (default) binds our side to the node's address, `None` leaves it to the kernel. */
  readonly sourceAddress: 'UseNodeIP' | 'None';
  /** Absent: by the rules of the protocol. */
  readonly nextHopMode?: 'Self' | 'Keep';
  /** Deprecated: `Keep` towards a peer in another AS. */
  readonly keepOriginalNextHop: boolean;
  /** Hops, 1 to 254; absent: not checked. */
  readonly ttlSecurity?: number;
  /** Seconds. */
  readonly maxRestartTime?: number;
  /** Seconds; 0: off. Ours. */
  readonly longLivedStaleTime?: number;
  /** Seconds. Ours. */
  readonly holdTime?: number;
  /** Seconds. */
  readonly keepaliveTime?: number;
  readonly numAllowedLocalASNumbers?: number;
  /** Names of BGPFilters, in order. */
  readonly filters: readonly string[];
  /** Never dial, only listen. Ours. */
  readonly passive: boolean;
  /** Gateway to `peerIP`, of its family. */
  readonly reachableBy?: Address;
  readonly reversePeering: 'Auto' | 'Manual';
  /** Per family. Ours. */
  readonly maxPrefixes?: number;
  /** Seconds. Ours. */
  readonly maxPrefixesRestartTime?: number;
  /** Ours. */
  readonly addPath?: NonNullable<Spec['addPath']>;
  /** What we are to the peer. Ours. */
  readonly role?: NonNullable<Spec['role']>;
  /** Ours. */
  readonly description?: string;
  /** False keeps the object and shuts the session. Ours. */
  readonly enabled: boolean;
  readonly unsupported: readonly string[];
}

/** The largest number of hops that still excludes something. */
const MOST_HOPS = 254;

export function parseBGPPeer(value: unknown): Parsed<BGPPeerRecord> {
  const { object, problems } = readObject(bgpPeerKind, value);
  if (object === undefined) return { problems };
  const { name, unsupported } = object;
  const spec = withoutMeaningless(object.spec);
  const peer = { ...object, spec };
  excludeFields(peer, 'node', 'nodeSelector');
  excludeFields(peer, 'nextHopMode', 'keepOriginalNextHop');
  const record = defined({
    name,
    node: decodeField(peer, 'node', nodeNameDecoder),
    nodeSelector: decodeField(peer, 'nodeSelector', selectorDecoder),
    ...readRemote(peer),
    localASNumber: decodeField(peer, 'localASNumber', asNumberDecoder),
    password: readPasswordSource(peer, 'password', spec.password),
    sourceAddress: spec.sourceAddress ?? 'UseNodeIP',
    nextHopMode: spec.nextHopMode === 'Auto' ? undefined : spec.nextHopMode,
    keepOriginalNextHop: spec.keepOriginalNextHop ?? false,
    ttlSecurity: hopsOf(spec.ttlSecurity),
    maxRestartTime: decodeField(peer, 'maxRestartTime', restartTimeDecoder),
    longLivedStaleTime: decodeField(peer, 'longLivedStaleTime', staleTimeDecoder),
    holdTime: decodeField(peer, 'holdTime', holdTimeDecoder),
    keepaliveTime: decodeField(peer, 'keepaliveTime', keepaliveTimeDecoder),
    numAllowedLocalASNumbers: spec.numAllowedLocalASNumbers,
    filters: spec.filters ?? [],
    passive: spec.passive ?? false,
    reversePeering: spec.reversePeering ?? 'Auto',
    maxPrefixes: spec.maxPrefixes,
    maxPrefixesRestartTime: decodeField(peer, 'maxPrefixesRestartTime', waitDecoder),
    addPath: spec.addPath,
    role: spec.role,
    description: spec.description,
    enabled: spec.enabled ?? true,
    unsupported,
  });
  return hasError(problems) ? { problems } : { record, problems };
}

/** What Calico's tools write where nothing is meant. */
const meaningless: Partial<Record<keyof Spec, unknown>> = {
  node: '',
  nodeSelector: '',
  peerIP: '',
  peerSelector: '',
  reachableBy: '',
  nextHopMode: 'Auto',
  keepOriginalNextHop: false,
};

const withoutMeaningless = (spec: Spec): Spec =>
  Object.fromEntries(Object.entries(spec).filter(([key, value]) => meaningless[key as keyof Spec] !== value));

/** 0 is Calico's "off"; 255 hops exclude nothing. */
const hopsOf = (hops: number | undefined): number | undefined =>
  hops === undefined || hops === 0 || hops > MOST_HOPS ? undefined : hops;

type Remote = Pick<BGPPeerRecord, 'peerIP' | 'port' | 'asNumber' | 'peerSelector' | 'reachableBy'>;

/** Who the peer is: an address and an AS, or nodes, of which both are known. */
function readRemote(object: KindObject<typeof bgpPeerKind.spec>): Partial<Remote> {
  if (object.spec.peerSelector === undefined) return readAddress(object);
  for (const key of ['peerIP', 'asNumber', 'reachableBy'] as const)
    excludeFields(object, 'peerSelector', key);
  return defined({ peerSelector: decodeField(object, 'peerSelector', selectorDecoder) });
}

function readAddress(object: KindObject<typeof bgpPeerKind.spec>): Partial<Remote> {
  const peer = requireField(object, 'peerIP', peerAddressDecoder);
  const asNumber = requireField(object, 'asNumber', asNumberDecoder);
  const reachableBy = decodeField(object, 'reachableBy', unicastDecoder);
  if (peer !== undefined && reachableBy !== undefined) checkGateway(object, peer, reachableBy);
  return defined({ peerIP: peer?.address, port: peer?.port, asNumber, reachableBy });
}

function checkGateway(
  { subject, problems }: Pick<KindObject<typeof bgpPeerKind.spec>, 'subject' | 'problems'>,
  { address }: PeerAddress,
  gateway: Address,
): void {
  const path = ['spec', 'reachableBy'];
  const complain = (message: string, remedy: string): void => {
    problems.push(fieldProblem('GRY_FIELDS_CONTRADICT', 'error', subject, path, message, remedy));
  };
  if (familyOf(address) !== familyOf(gateway)) {
    complain(
      `${gateway} and the peer ${address} are of different families`,
      `write an IPv${familyOf(address)} gateway`,
    );
  } else if (address === gateway) {
    complain(`${gateway} is the peer itself`, 'remove it');
  }
}
