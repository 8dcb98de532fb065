import { equal } from '../../net/equal.ts';
import type { Problem } from '../../ports/problem.ts';
import { apiVersion, type Kind } from '../kinds/kind.ts';
import { acceptance, type Condition } from '../kinds/status.ts';
import { applyRequest, timeText } from './apply.ts';
import { reasonOf } from './event-book.ts';
import { fit } from './fit.ts';
import type { KubeRequest } from './kube-api.ts';
import type { Standing } from './standing.ts';

/** An object of one of our kinds, with everything that is wrong with its last version. */
export interface Account {
  readonly kind: Kind;
  readonly name: string;
  readonly standing: Standing;
  readonly problems: readonly Problem[];
}

/** The write after which the object says whether it is accepted; undefined: it says so. `now` is wall clock, milliseconds. */
export function acceptanceWrite(account: Account, now: number): KubeRequest | undefined {
  const { kind, name, standing } = account;
  const before = new Map(standing.conditions.map((condition) => [condition.type, condition]));
  const conditions = conditionsOf(account).map((condition): Condition => {
    const { status, lastTransitionTime = '' } = before.get(condition.type) ?? {};
    const isKnown = status === condition.status && lastTransitionTime !== '';
    return { ...condition, lastTransitionTime: isKnown ? lastTransitionTime : timeText(now) };
  });
  const status = fit(acceptance, { conditions });
  if (equal(status.conditions, standing.conditions)) return undefined;
  // Whoever has looked at another version of the object must not have the last word.
  const metadata = { name, resourceVersion: standing.version };
  const value = { apiVersion, kind: kind.kind, metadata, status };
  return applyRequest(`/apis/${apiVersion}/${kind.plural}/${name}/status`, value);
}

/** Sorted by type. */
function conditionsOf(account: Account): readonly Omit<Condition, 'lastTransitionTime'>[] {
  const { problems, standing } = account;
  const observedGeneration = standing.generation;
  const errors = problems.filter(({ severity }) => severity === 'error');
  const warnings = problems.filter(({ severity }) => severity === 'warning');
  const [error] = errors;
  const accepted =
    error === undefined
      ? { status: 'True' as const, reason: 'Accepted', message: usedHow(warnings.length === 0) }
      : { status: 'False' as const, reason: reasonOf(error.code), message: told(account, errors) };
  const unsupported = {
    type: 'Unsupported',
    status: 'True' as const,
    reason: 'WithoutEffect',
    message: told(account, warnings),
    observedGeneration,
  };
  return [
    { type: 'Accepted', ...accepted, observedGeneration },
    ...(warnings.length === 0 ? [] : [unsupported]),
  ];
}

const usedHow = (isWhole: boolean): string =>
  isWhole
    ? 'the object is in use as it is written'
    : 'the object is in use, but for what "Unsupported" tells';

/** `spec.password: the password cannot be used: …; create the Secret …`, one after the other. */
function told({ kind, name }: Account, problems: readonly Problem[]): string {
  const object = `${kind.kind} ${name}`;
  return problems
    .map(({ subject, message, remedy }) => {
      const place = subject.startsWith(`${object} `) ? `${subject.slice(object.length + 1)}: ` : '';
      return `${place}${message}; ${remedy}`;
    })
    .join('. ');
}
