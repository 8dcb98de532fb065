import { bgpConfigurationKind } from '../kinds/bgp-configuration.ts';
import { bgpFilterKind } from '../kinds/bgp-filter.ts';
import { bgpPeerKind } from '../kinds/bgp-peer.ts';
import { unsupportedMark } from '../kinds/field.ts';
import { ipPoolKind } from '../kinds/ip-pool.ts';
import { apiVersion, type Kind } from '../kinds/kind.ts';
import type { CalicoKind } from '../records/calico/calico-kind.ts';
import { translateCalico } from '../records/calico/calico-object.ts';
import { asObject, isPlainObject, own, type PlainObject } from '../records/plain.ts';
import { type FieldProblem, formatPath, hasError, type Path } from '../records/problem.ts';
import { type Metadata, metadataOf } from './metadata.ts';

/** An object of one of our kinds, as people would write it. */
export interface OurObject {
  readonly apiVersion: string;
  readonly kind: CalicoKind;
  readonly metadata: Metadata;
  readonly spec: PlainObject;
}

/** What an object of Calico's becomes. */
export type Equivalent =
  | {
      readonly kind: 'object';
      readonly object: OurObject;
      /** What was changed and left out, and what else has to be done; one sentence each. */
      readonly comments: readonly string[];
    }
  /** Nothing: `isRefused` where something that was meant is lost thereby. */
  | { readonly kind: 'none'; readonly isRefused: boolean; readonly problems: readonly FieldProblem[] };

const kinds: Readonly<Record<CalicoKind, Kind>> = {
  BGPConfiguration: bgpConfigurationKind,
  BGPFilter: bgpFilterKind,
  BGPPeer: bgpPeerKind,
  IPPool: ipPoolKind,
};

/** The object with which ours does what `value` does in Calico, as far as we carry it out. */
export function equivalentOf(kind: CalicoKind, value: unknown): Equivalent {
  const { object, reasons, parsed } = translateCalico(kind, value);
  const { record, problems } = parsed;
  if (record === undefined) return { kind: 'none', isRefused: hasError(problems), problems };
  const spec = tidy(kind, asObject(own(object, 'spec')), problems);
  return {
    kind: 'object',
    object: { apiVersion, kind, metadata: metadataOf(record.name, value), spec },
    comments: [
      ...reasons.map((reason) => `Changed: ${reason}.`),
      ...problems.map((problem) => `Left out: ${formatPath(problem.path)} (${whyLeftOut(problem)}).`),
      ...secretNames(spec).map(
        (name) => `Copy the Secret ${name} into the namespace of the agent: passwords are read there only.`,
      ),
    ],
  };
}

function whyLeftOut({ code, message, remedy }: FieldProblem): string {
  if (code !== 'GRY_UNSUPPORTED_FIELD') return message;
  // That it should be removed needs no telling: it was.
  return remedy === 'remove it' ? 'not carried out yet' : remedy.replace(/^remove it: /, '');
}

/** Without what has no effect: fields of which the parser complains, those that we do not carry out, and what says nothing. */
function tidy(kind: CalicoKind, spec: PlainObject, problems: readonly FieldProblem[]): PlainObject {
  const leftOut = new Set(problems.map(({ path }) => formatPath(path)));
  const { properties } = kinds[kind].spec;
  const entries = Object.entries(asObject(without(leftOut, spec, ['spec']))).filter(([key, value]) => {
    const schema = Object.hasOwn(properties, key) ? properties[key] : undefined;
    return value !== '' && schema !== undefined && unsupportedMark(schema) === undefined;
  });
  return Object.fromEntries(entries);
}

/** The value without nulls and without the fields at these paths. */
function without(leftOut: ReadonlySet<string>, value: unknown, path: Path): unknown {
  if (Array.isArray(value)) return value.map((item, i) => without(leftOut, item, [...path, i]));
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value).filter(
    ([key, field]) => field !== null && !leftOut.has(formatPath([...path, key])),
  );
  return Object.fromEntries(entries.map(([key, field]) => [key, without(leftOut, field, [...path, key])]));
}

const secretNames = (spec: PlainObject): readonly string[] =>
  ['password', 'nodeMeshPassword'].flatMap((key) => {
    const name = own(asObject(own(asObject(own(spec, key)), 'secretKeyRef')), 'name');
    return typeof name === 'string' ? [name] : [];
  });
