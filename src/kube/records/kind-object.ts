import type { Static, TObject } from 'typebox';
import type { Kind } from '../kinds/kind.ts';
import type { FieldDecoder, Scalar } from './field-decoder.ts';
import { inspect, unknownField } from './inspect.ts';
import { isObjectName } from './name.ts';
import { asObject, isPlainObject, own, type PlainObject } from './plain.ts';
import { type FieldProblem, fieldProblem, invalidField, missingField, type Path } from './problem.ts';

/** An object of one of our kinds, its spec checked against the schema. Parsers add what they find to `problems`. */
export interface KindObject<Spec extends TObject> {
  readonly name: string;
  /** `BGPPeer tor-a`. */
  readonly subject: string;
  readonly spec: Static<Spec>;
  readonly unsupported: readonly string[];
  readonly problems: FieldProblem[];
}

const topLevel = { apiVersion: 1, kind: 1, metadata: 1, spec: 1, status: 1 };

/** The object, or undefined where no parser could make sense of it; the reason then stands in `problems`. */
export function readObject<Spec extends TObject>(
  kind: Kind<Spec>,
  value: unknown,
): { readonly object?: KindObject<Spec>; readonly problems: FieldProblem[] } {
  const { name, subject, problems } = readName(kind.kind, value);
  const top = asObject(value);
  for (const key of Object.keys(top)) {
    if (!Object.hasOwn(topLevel, key)) problems.push(unknownField(subject, [key], topLevel));
  }
  const { problems: found, unsupported } = inspect(kind.spec, own(top, 'spec') ?? {}, subject, ['spec']);
  problems.push(...found);
  if (name === undefined || problems.some((problem) => problem.severity === 'error')) return { problems };
  const spec = withoutNulls(asObject(own(top, 'spec')));
  // The cast is sound: `inspect` found nothing wrong.
  return { object: { name, subject, spec: spec as Static<Spec>, unsupported, problems }, problems };
}

/** The name of any object; without a valid one the object is refused. */
export function readName(
  kind: string,
  value: unknown,
): { readonly name?: string; readonly subject: string; readonly problems: FieldProblem[] } {
  const name = own(asObject(own(asObject(value), 'metadata')), 'name');
  if (typeof name === 'string' && isObjectName(name)) {
    return { name, subject: `${kind} ${name}`, problems: [] };
  }
  const path = ['metadata', 'name'];
  const problem =
    name === undefined
      ? missingField(kind, path)
      : invalidField(
          kind,
          path,
          name,
          'a name of at most 253 lower-case letters, digits, "-" and "."',
          'rename it',
        );
  return { subject: kind, problems: [problem] };
}

function withoutNulls(spec: PlainObject): PlainObject {
  const entries = Object.entries(spec).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutNullsWithin(value)]));
}

const withoutNullsWithin = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(withoutNullsWithin) : isPlainObject(value) ? withoutNulls(value) : value;

/** The decoded field; undefined where it is absent, or wrong and thereby reported. */
export function decodeField<Spec extends TObject, T>(
  object: KindObject<Spec>,
  key: string & keyof Static<Spec>,
  decoder: FieldDecoder<T>,
): T | undefined {
  // The cast is sound: the schema says so of every field that has a decoder.
  return decodeValue(object, ['spec', key], object.spec[key] as Scalar | undefined, decoder);
}

/** As `decodeField`, for a value that stands deeper in the object. */
export function decodeValue<T>(
  { subject, problems }: Pick<KindObject<TObject>, 'subject' | 'problems'>,
  path: Path,
  value: Scalar | undefined,
  decoder: FieldDecoder<T>,
): T | undefined {
  if (value === undefined) return undefined;
  const decoded = decoder.decode(value);
  if (decoded === undefined) {
    problems.push(invalidField(subject, path, value, decoder.expects(value), decoder.remedy(value)));
  }
  return decoded;
}

/** As `decodeField`, for fields that must be there. */
export function requireField<Spec extends TObject, T>(
  object: KindObject<Spec>,
  key: string & keyof Static<Spec>,
  decoder: FieldDecoder<T>,
): T | undefined {
  if (object.spec[key] === undefined) object.problems.push(missingField(object.subject, ['spec', key]));
  return decodeField(object, key, decoder);
}

/** Reports two fields that exclude each other. */
export function excludeFields<Spec extends TObject>(
  { spec, subject, problems }: KindObject<Spec>,
  first: string & keyof Static<Spec>,
  second: string & keyof Static<Spec>,
): void {
  if (spec[first] === undefined || spec[second] === undefined) return;
  problems.push(
    fieldProblem(
      'GRY_FIELDS_EXCLUSIVE',
      'error',
      subject,
      ['spec', second],
      `${second} and ${first} exclude each other and both are set`,
      `remove one of ${first} and ${second}`,
    ),
  );
}
