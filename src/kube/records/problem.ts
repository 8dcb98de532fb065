import type { Problem } from '../../ports/problem.ts';

/** A place in an object, from its top: `['spec', 'serviceClusterIPs', 0, 'cidr']`. */
export type Path = readonly (string | number)[];

/** A problem of one object. The source that knows where the object was written turns the path into a line. */
export interface FieldProblem extends Problem {
  readonly path: Path;
}

/**
 * What became of an object. Without a record it was refused. A problem of severity `error` says why, or, beside a record, what
 * is missing in it: a source that knows an earlier version without such goes on with that one.
 */
export interface Parsed<R> {
  readonly record?: R;
  readonly problems: readonly FieldProblem[];
}

/** `spec.serviceClusterIPs[0].cidr`. */
export function formatPath(path: Path): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`))
    .join('');
}

/** A value that is not what it must be; `expects` ends the sentence "… is not …". */
export function invalidField(
  object: string,
  path: Path,
  value: unknown,
  expects: string,
  remedy: string,
): FieldProblem {
  const message = `${showValue(value)} is not ${expects}`;
  return fieldProblem('GRY_FIELD_INVALID', 'error', object, path, message, remedy);
}

export function fieldProblem(
  code: string,
  severity: FieldProblem['severity'],
  object: string,
  path: Path,
  message: string,
  remedy: string,
): FieldProblem {
  const subject = path.length === 0 ? object : `${object} ${formatPath(path)}`;
  return { code, severity, subject, message, remedy, path };
}

export function missingField(object: string, path: Path): FieldProblem {
  return fieldProblem('GRY_FIELD_MISSING', 'error', object, path, 'the field is missing', 'add it');
}

const LONGEST_SHOWN = 60;

/** A value as it may stand in a message: JSON, cut where it is long. */
export function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

export const hasError = (problems: readonly Problem[]): boolean =>
  problems.some((problem) => problem.severity === 'error');
