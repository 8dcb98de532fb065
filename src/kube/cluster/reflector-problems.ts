import type { Problem } from '../../ports/problem.ts';
import type { KubeError } from './kube-api.ts';
import type { ReflectorStatus } from './reflector-status.ts';

/** Milliseconds that a resource may fail before a person is told: servers restart. */
const PATIENCE = 30_000;

type Failing = ReflectorStatus & { readonly failure: NonNullable<ReflectorStatus['failure']> };

const isFailing = (status: ReflectorStatus): status is Failing => status.failure !== undefined;

/** What people should know about the reflectors; `now` is wall clock, milliseconds. */
export function reflectorProblems(statuses: readonly ReflectorStatus[], now: number): readonly Problem[] {
  const failing = statuses.filter(isFailing);
  const lost = failing.filter(({ failure }) => !isAnswer(failure.error) && now - failure.since >= PATIENCE);
  const alike = Map.groupBy(lost, ({ failure }) => failure.error.message);
  return [
    ...failing.flatMap((status) => answerProblem(status)),
    ...[...alike.values()].map((group) => staleProblem(group)),
  ];
}

/** The server says clearly what is missing. */
const isAnswer = (error: KubeError): boolean =>
  error.code === 'GRY_KUBE_FORBIDDEN' || error.code === 'GRY_KUBE_ABSENT';

function answerProblem({ name, failure: { error }, synced }: Failing): readonly Problem[] {
  const { code, message } = error;
  if (code === 'GRY_KUBE_FORBIDDEN') {
    const state = synced ? 'what was read last stays in force' : 'the agent waits for it';
    const [resource = name, only] = name.split('/');
    const remedy = `let the service account of the agent list and watch ${resource}${only === undefined ? '' : ` with resourceNames: [${only}]`}`;
    return [{ code, severity: 'error', subject: name, message: `${message}; ${state}`, remedy }];
  }
  if (code !== 'GRY_KUBE_ABSENT') return [];
  const remedy = 'apply the CustomResourceDefinitions of Gryphon (kubectl apply)';
  return [
    { code, severity: 'warning', subject: name, message: 'the API server has no such resource', remedy },
  ];
}

function staleProblem(group: readonly Failing[]): Problem {
  const names = group.map(({ name }) => name).join(', ');
  const since = Math.min(...group.map(({ failure }) => failure.since));
  const [{ message, remedy } = { message: '', remedy: undefined }] = group.map(
    ({ failure }) => failure.error,
  );
  const state = group.every(({ synced }) => synced)
    ? 'what was read last stays in force'
    : 'the agent waits for what it has never read';
  return {
    code: 'GRY_KUBE_STALE',
    severity: 'error',
    subject: 'API server',
    message: `${names} cannot be followed since ${new Date(since).toISOString()}: ${message}; ${state}`,
    remedy: remedy ?? 'look whether the API server runs and can be reached from this node',
  };
}
