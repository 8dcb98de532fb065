import type { Problem } from '../ports/problem.ts';
import { hasError } from './records/problem.ts';

/**
 * Whether the version of an object that is in force must stay: the new one is refused, or wrong in part where that one was not. One
 * without record and without error is no longer for us.
 */
export const isWorse = (
  fresh: { readonly record?: unknown; readonly problems: readonly Problem[] },
  wasWrong: boolean,
): boolean => hasError(fresh.problems) && (fresh.record === undefined || !wasWrong);

/** The problem of a version that did not come into force because of it. */
export const lastVersion = (problem: Problem): Problem =>
  problem.severity === 'error'
    ? { ...problem, message: `${problem.message}; the last valid version of the object stays in force` }
    : problem;
