import { apiVersion } from '../../kinds/kind.ts';
import { parseBGPConfiguration } from '../bgp-configuration.ts';
import { parseBGPFilter } from '../bgp-filter.ts';
import { parseBGPPeer } from '../bgp-peer.ts';
import { parseIPPool } from '../ip-pool.ts';
import { readName } from '../kind-object.ts';
import { asList, asObject, isPlainObject, own, type PlainObject } from '../plain.ts';
import { type FieldProblem, fieldProblem, type Parsed } from '../problem.ts';
import type { CalicoKind } from './calico-kind.ts';
import { differences } from './difference.ts';

const parsers = {
  BGPConfiguration: parseBGPConfiguration,
  BGPFilter: parseBGPFilter,
  BGPPeer: parseBGPPeer,
  IPPool: parseIPPool,
} as const satisfies Record<CalicoKind, (value: unknown) => Parsed<unknown>>;

type CalicoRecord = NonNullable<ReturnType<(typeof parsers)[CalicoKind]>['record']>;

export const isCalicoKind = (kind: unknown): kind is CalicoKind =>
  typeof kind === 'string' && Object.hasOwn(parsers, kind);

/** An object of Calico's, said in our own kind. */
export interface Translation {
  /** What our own parser takes; its metadata is as it was. */
  readonly object: PlainObject;
  /** Why something is said otherwise, one sentence each. */
  readonly reasons: readonly string[];
  /** What became of it there. Without record and without error: it is nothing for us, the problem says why. */
  readonly parsed: Parsed<CalicoRecord>;
}

/** Reads an object of one of Calico's kinds as one of ours; subjects of problems say whose it is. Takes any value. */
export function translateCalico(kind: CalicoKind, value: unknown): Translation {
  const { spec, reasons } = translateSpec(kind, asObject(value));
  const object: PlainObject = {
    ...asObject(value),
    apiVersion,
    kind,
    ...(spec === undefined ? {} : { spec }),
  };
  const refused = refusal(kind, object);
  if (refused !== undefined) return { object, reasons, parsed: { problems: [whose(refused)] } };
  const { record, problems } = parsers[kind](object);
  return {
    object,
    reasons,
    parsed: { problems: problems.map(whose), ...(record === undefined ? {} : { record }) },
  };
}

/** The record of an object of Calico's kind. */
export const parseCalico =
  (kind: CalicoKind) =>
  (value: unknown): Parsed<CalicoRecord> =>
    translateCalico(kind, value).parsed;

/** What is no map stays as it is, for the parser to complain of. */
function translateSpec(
  kind: CalicoKind,
  value: PlainObject,
): { readonly spec: unknown; readonly reasons: readonly string[] } {
  const given = own(value, 'spec');
  if (given !== undefined && !isPlainObject(given)) return { spec: given, reasons: [] };
  const name = String(own(asObject(own(value, 'metadata')), 'name'));
  let spec = asObject(given);
  const reasons: string[] = [];
  for (const difference of differences) {
    if (difference.kind !== kind) continue;
    const translated = difference.translate(spec, name);
    if (translated !== spec) reasons.push(difference.reason);
    spec = translated;
  }
  return { spec: given === undefined && reasons.length === 0 ? undefined : spec, reasons };
}

/** A range that pods never have must not be taken for one of theirs: nothing to it would be translated, and its routes believed. */
function refusal(kind: CalicoKind, object: PlainObject): FieldProblem | undefined {
  const uses = asList(own(asObject(own(object, 'spec')), 'allowedUses'));
  if (kind !== 'IPPool' || uses.length === 0 || uses.some((use) => use !== 'LoadBalancer')) return undefined;
  return fieldProblem(
    'GRY_CALICO_POOL_NOT_OF_PODS',
    'warning',
    readName(kind, object).subject,
    ['spec', 'allowedUses'],
    'the pool has addresses of load balancers only, so it is not used',
    'nothing needs to be done where pods have no address of it',
  );
}

const whose = (problem: FieldProblem): FieldProblem => ({
  ...problem,
  subject: `Calico's ${problem.subject}`,
});
