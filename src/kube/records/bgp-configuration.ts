import { bgpConfigurationKind } from '../kinds/bgp-configuration.ts';
import { asNumberDecoder, holdTimeDecoder, keepaliveTimeDecoder } from './field-decoder.ts';
import { decodeField, readObject } from './kind-object.ts';
import { defined } from './plain.ts';
import { hasError, invalidField, type Parsed } from './problem.ts';

/** A BGPConfiguration of `gryphon.dev/v1alpha1`: `default`, or `node.NAME` for one node. Absent means: the default applies. */
export interface BGPConfigurationRecord {
  readonly name: string;
  readonly asNumber?: number;
  readonly nodeToNodeMeshEnabled?: boolean;
  readonly listenPort?: number;
  /** Seconds. Ours. */
  readonly holdTime?: number;
  /** Seconds. Ours. */
  readonly keepaliveTime?: number;
  /** RFC 8212 strictly: an external peer without filter gets and gives nothing. Ours. */
  readonly ebgpRequiresPolicy?: boolean;
  readonly unsupported: readonly string[];
}

export function parseBGPConfiguration(value: unknown): Parsed<BGPConfigurationRecord> {
  const { object, problems } = readObject(bgpConfigurationKind, value);
  if (object === undefined) return { problems };
  const { name, subject, spec, unsupported } = object;
  if (!/^(default$|node\..)/.test(name)) {
    const expects = '"default" or "node." with the name of a Node behind it';
    problems.push(invalidField(subject, ['metadata', 'name'], name, expects, 'rename it'));
  }
  const asNumber = decodeField(object, 'asNumber', asNumberDecoder);
  const holdTime = decodeField(object, 'holdTime', holdTimeDecoder);
  const keepaliveTime = decodeField(object, 'keepaliveTime', keepaliveTimeDecoder);
  if (hasError(problems)) return { problems };
  const { nodeToNodeMeshEnabled, listenPort, ebgpRequiresPolicy } = spec;
  const record = defined({
    name,
    asNumber,
    nodeToNodeMeshEnabled,
    listenPort,
    holdTime,
    keepaliveTime,
    ebgpRequiresPolicy,
    unsupported,
  });
  return { record, problems };
}
