import type { Static } from 'typebox';
import type { Prefix } from '../../net/prefix.ts';
import { bgpConfigurationKind } from '../kinds/bgp-configuration.ts';
import { type AnyCommunity, communityDecoder } from './community.ts';
import {
  asNumberDecoder,
  holdTimeDecoder,
  keepaliveTimeDecoder,
  prefixDecoder,
  restartTimeDecoder,
} from './field-decoder.ts';
import { decodeField, decodeValue, type KindObject, readObject } from './kind-object.ts';
import { type PasswordSource, readPasswordSource } from './password-source.ts';
import { defined } from './plain.ts';
import { fieldProblem, hasError, invalidField, type Parsed } from './problem.ts';

/** A BGPConfiguration of `gryphon.dev/v1alpha1`: `default`, or `node.NAME` for one node. Absent means: the default applies. */
export interface BGPConfigurationRecord {
  readonly name: string;
  readonly asNumber?: number;
  readonly nodeToNodeMeshEnabled?: boolean;
  readonly nodeMeshPassword?: PasswordSource;
  /** Seconds. */
  readonly nodeMeshMaxRestartTime?: number;
  readonly listenPort?: number;
  readonly bindMode?: 'None' | 'NodeIP';
  /** Seconds. Ours. */
  readonly holdTime?: number;
  /** Seconds. Ours. */
  readonly keepaliveTime?: number;
  /** RFC 8212 strictly: an external peer gets and gives only what a filter accepts. Ours. */
  readonly ebgpRequiresPolicy?: boolean;
  /** Ours. */
  readonly gracefulShutdownWhenCordoned?: boolean;
  /** By name. */
  readonly communities?: ReadonlyMap<string, AnyCommunity>;
  readonly prefixAdvertisements?: readonly PrefixAdvertisement[];
  readonly unsupported: readonly string[];
}

export interface PrefixAdvertisement {
  readonly cidr: Prefix;
  /** Names out of `communities`, or values. */
  readonly communities: readonly string[];
}

type Reader = KindObject<typeof bgpConfigurationKind.spec>;
type Spec = Static<typeof bgpConfigurationKind.spec>;

export function parseBGPConfiguration(value: unknown): Parsed<BGPConfigurationRecord> {
  const { object, problems } = readObject(bgpConfigurationKind, value);
  if (object === undefined) return { problems };
  const { name, spec, unsupported } = object;
  checkName(object);
  const record = defined({
    name,
    asNumber: decodeField(object, 'asNumber', asNumberDecoder),
    nodeToNodeMeshEnabled: spec.nodeToNodeMeshEnabled,
    nodeMeshPassword: readPasswordSource(object, 'nodeMeshPassword', spec.nodeMeshPassword),
    nodeMeshMaxRestartTime: decodeField(object, 'nodeMeshMaxRestartTime', restartTimeDecoder),
    listenPort: spec.listenPort,
    bindMode: spec.bindMode,
    holdTime: decodeField(object, 'holdTime', holdTimeDecoder),
    keepaliveTime: decodeField(object, 'keepaliveTime', keepaliveTimeDecoder),
    ebgpRequiresPolicy: spec.ebgpRequiresPolicy,
    gracefulShutdownWhenCordoned: spec.gracefulShutdownWhenCordoned,
    communities: readCommunities(object, spec.communities),
    prefixAdvertisements: readAdvertisements(object, spec.prefixAdvertisements),
    unsupported,
  });
  return hasError(problems) ? { problems } : { record, problems };
}

/** What the whole mesh must agree on cannot be said for one node. */
const ofAllNodes = ['nodeToNodeMeshEnabled', 'nodeMeshPassword', 'nodeMeshMaxRestartTime'] as const;

function checkName({ name, subject, spec, problems }: Reader): void {
  if (!/^(default$|node\..)/.test(name)) {
    const expects = '"default" or "node." with the name of a Node behind it';
    problems.push(invalidField(subject, ['metadata', 'name'], name, expects, 'rename it'));
  }
  if (!name.startsWith('node.')) return;
  for (const key of ofAllNodes) {
    if (spec[key] === undefined) continue;
    const message = 'the field has no effect for one node alone';
    const remedy = 'set it in BGPConfiguration default';
    problems.push(fieldProblem('GRY_FIELD_MISPLACED', 'warning', subject, ['spec', key], message, remedy));
  }
}

function readCommunities(
  object: Reader,
  list: Spec['communities'],
): ReadonlyMap<string, AnyCommunity> | undefined {
  if (list === undefined || list.length === 0) return undefined;
  const named = new Map<string, AnyCommunity>();
  for (const [i, { name, value }] of list.entries()) {
    const path = ['spec', 'communities', i];
    if (named.has(name)) {
      const expects = 'a name of its own: an entry before has it';
      object.problems.push(invalidField(object.subject, [...path, 'name'], name, expects, 'rename it'));
    }
    const community = decodeValue(object, [...path, 'value'], value, communityDecoder);
    if (community !== undefined) named.set(name, community);
  }
  return named;
}

function readAdvertisements(
  object: Reader,
  list: Spec['prefixAdvertisements'],
): readonly PrefixAdvertisement[] | undefined {
  if (list === undefined || list.length === 0) return undefined;
  return list.flatMap(({ cidr, communities }, i) => {
    const path = ['spec', 'prefixAdvertisements', i, 'cidr'];
    const prefix = decodeValue(object, path, cidr, prefixDecoder);
    return prefix === undefined ? [] : [{ cidr: prefix, communities }];
  });
}
