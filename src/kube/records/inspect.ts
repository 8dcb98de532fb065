import type { TSchema } from 'typebox';
import { Check } from 'typebox/value';
import { equal } from '../../net/equal.ts';
import { unsupportedMark } from '../kinds/field.ts';
import { nearestRemedy } from './nearest.ts';
import { isPlainObject, own, type PlainObject } from './plain.ts';
import {
  type FieldProblem,
  fieldProblem,
  formatPath,
  invalidField,
  missingField,
  type Path,
} from './problem.ts';

/** What comparing a value with the schema of a kind found. */
export interface Inspection {
  readonly problems: FieldProblem[];
  /** Paths of fields that were set and are not carried out. */
  readonly unsupported: string[];
}

/** The parts of a JSON schema that our kinds use. */
type Structural = TSchema & {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Structural>>;
  readonly required?: readonly string[];
  readonly items?: Structural;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly 'x-kubernetes-int-or-string'?: boolean;
};

/**
 * Walks value and schema together, because a JSON schema validator tells neither what an unknown field may have meant nor
 * which fields have no effect. The leaves are TypeBox's to judge. `object` names the object in problems: `BGPPeer tor-a`.
 */
export function inspect(schema: TSchema, value: unknown, object: string, path: Path): Inspection {
  const inspection: Inspection = { problems: [], unsupported: [] };
  visit(schema, value, { object, inspection }, path);
  return inspection;
}

interface Visit {
  readonly object: string;
  readonly inspection: Inspection;
}

function visit(schema: Structural, value: unknown, at: Visit, path: Path): void {
  noteUnsupported(schema, value, at, path);
  const { properties, items } = schema;
  if (properties !== undefined && isPlainObject(value)) {
    visitProperties(properties, schema.required ?? [], value, at, path);
  } else if (items !== undefined && Array.isArray(value) && value.length <= (schema.maxItems ?? 0)) {
    for (const [i, item] of value.entries()) visit(items, item, at, [...path, i]);
  } else if (properties !== undefined || items !== undefined || !isLeaf(schema, value)) {
    at.inspection.problems.push(
      invalidField(at.object, path, value, describe(schema), correction(schema, value)),
    );
  }
}

function visitProperties(
  properties: Readonly<Record<string, Structural>>,
  required: readonly string[],
  value: PlainObject,
  at: Visit,
  path: Path,
): void {
  for (const key of Object.keys(value)) {
    const child = own(value, key);
    const schema = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (schema === undefined)
      at.inspection.problems.push(unknownField(at.object, [...path, key], properties));
    else if (child !== undefined) visit(schema, child, at, [...path, key]);
  }
  for (const key of required) {
    if (own(value, key) === undefined) at.inspection.problems.push(missingField(at.object, [...path, key]));
  }
}

/** TypeBox knows nothing of Kubernetes' keyword for "integer or text". */
function isLeaf(schema: Structural, value: unknown): boolean {
  if (schema['x-kubernetes-int-or-string'] === true)
    return typeof value === 'string' || Number.isInteger(value);
  return Check(schema, value);
}

function noteUnsupported(schema: Structural, value: unknown, at: Visit, path: Path): void {
  const mark = unsupportedMark(schema);
  if (mark === undefined || mark.harmless.some((harmless) => equal(harmless, value))) return;
  at.inspection.unsupported.push(formatPath(path));
  const [severity, message] = mark.refused
    ? ([
        'error',
        'the field is not carried out, and without it the object would mean something else',
      ] as const)
    : (['warning', 'the field is not carried out yet, the object is used without it'] as const);
  at.inspection.problems.push(
    fieldProblem('GRY_UNSUPPORTED_FIELD', severity, at.object, path, message, mark.remedy),
  );
}

/** Reports a field that nobody knows among `known`. */
export function unknownField(object: string, path: Path, known: object): FieldProblem {
  const remedy = nearestRemedy(String(path.at(-1)), Object.keys(known));
  return fieldProblem(
    'GRY_UNKNOWN_FIELD',
    'warning',
    object,
    path,
    'there is no such field, it has no effect',
    remedy,
  );
}

/** What a value of this schema looks like, for people. */
function describe(schema: Structural): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`;
  if (schema['x-kubernetes-int-or-string'] === true) return 'a whole number or a text';
  switch (schema.type) {
    case 'boolean':
      return 'true or false';
    case 'integer':
      return schema.minimum === undefined
        ? 'a whole number'
        : `a whole number from ${schema.minimum} to ${schema.maximum}`;
    case 'array':
      return `a list of at most ${schema.maxItems} entries`;
    case 'object':
      return 'a map of fields';
    default:
      return `a text of at most ${schema.maxLength} characters`;
  }
}

function correction(schema: Structural, value: unknown): string {
  const isQuoted = typeof value === 'string' && (schema.type === 'boolean' || schema.type === 'integer');
  return isQuoted
    ? 'write it without quotes and within these values'
    : 'write such a value, or remove the field';
}
