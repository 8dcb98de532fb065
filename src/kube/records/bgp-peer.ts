import type { Address } from '../../net/address.ts';
import { bgpPeerKind } from '../kinds/bgp-peer.ts';
import {
  asNumberDecoder,
  holdTimeDecoder,
  keepaliveTimeDecoder,
  nodeNameDecoder,
  peerAddressDecoder,
  selectorDecoder,
} from './field-decoder.ts';
import { decodeField, excludeFields, readObject, requireField } from './kind-object.ts';
import { defined } from './plain.ts';
import { hasError, type Parsed } from './problem.ts';

/** A BGPPeer of `gryphon.dev/v1alpha1`; names and meaning are Calico v3's. */
export interface BGPPeerRecord {
  readonly name: string;
  /** Only the node of this name has the peer. Excludes `nodeSelector`. */
  readonly node?: string;
  /** Calico selector over node labels; absent (with `node` absent too): every node. */
  readonly nodeSelector?: string;
  readonly peerIP: Address;
  /** Port behind `peerIP` (`192.0.2.1:1790`, `[2001:db8::1]:1790`). */
  readonly port?: number;
  readonly asNumber: number;
  /** Seconds. Ours. */
  readonly holdTime?: number;
  /** Seconds. */
  readonly keepaliveTime?: number;
  /** Never dial, only listen. Ours. */
  readonly passive: boolean;
  /** Ours. */
  readonly description?: string;
  /** False keeps the object and shuts the session. Ours. */
  readonly enabled: boolean;
  /** `UseNodeIP` (default) binds our side to the node's address, `None` leaves it to the kernel. */
  readonly sourceAddress: 'UseNodeIP' | 'None';
  readonly unsupported: readonly string[];
}

export function parseBGPPeer(value: unknown): Parsed<BGPPeerRecord> {
  const { object, problems } = readObject(bgpPeerKind, value);
  if (object === undefined) return { problems };
  const { name, spec, unsupported } = object;
  excludeFields(object, 'node', 'nodeSelector');
  const node = decodeField(object, 'node', nodeNameDecoder);
  const nodeSelector = decodeField(object, 'nodeSelector', selectorDecoder);
  const peer = requireField(object, 'peerIP', peerAddressDecoder);
  const asNumber = requireField(object, 'asNumber', asNumberDecoder);
  const holdTime = decodeField(object, 'holdTime', holdTimeDecoder);
  const keepaliveTime = decodeField(object, 'keepaliveTime', keepaliveTimeDecoder);
  if (peer === undefined || asNumber === undefined || hasError(problems)) return { problems };
  const record = defined({
    name,
    node,
    nodeSelector,
    peerIP: peer.address,
    port: peer.port,
    asNumber,
    holdTime,
    keepaliveTime,
    passive: spec.passive ?? false,
    description: spec.description,
    enabled: spec.enabled ?? true,
    sourceAddress: spec.sourceAddress ?? 'UseNodeIP',
    unsupported,
  });
  return { record, problems };
}
