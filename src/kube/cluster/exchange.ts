import type { Clock } from '../../ports/clock.ts';
import { asObject, type PlainObject } from '../records/plain.ts';
import { type KubeApi, KubeError, type KubeRequest } from './kube-api.ts';
import { refusal } from './refusal.ts';
import { Silence } from './silence.ts';
import { parse } from './watch-event.ts';

/** Milliseconds until the server must have answered. */
const ANSWER_TIMEOUT = 30_000;
/** Octets of an answer; etcd takes objects of a megabyte and a half. */
const LONGEST_ANSWER = 4 * 1024 * 1024;

/**
 * One request with its whole answer, an object.
 *
 * @throws KubeError when there is no answer or one that refuses, and the reason of the signal when that is aborted
 */
export async function exchange(
  { api, clock }: { readonly api: KubeApi; readonly clock: Clock },
  request: KubeRequest,
  signal: AbortSignal,
  timeout = ANSWER_TIMEOUT,
): Promise<PlainObject> {
  using silence = new Silence(clock, timeout, signal);
  const answer = await api.send(request, silence.signal);
  if (answer.status >= 300) throw await refusal({ ...answer, body: silence.listen(answer.body) });
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of silence.listen(answer.body)) {
    size += part.length;
    if (size > LONGEST_ANSWER) throw new KubeError('GRY_KUBE_GARBAGE', 'the API server answers too much');
    parts.push(part);
  }
  return asObject(parse(Buffer.concat(parts).toString('utf8')));
}

/** Whatever a request ended with, as a KubeError. */
export const kubeErrorOf = (thrown: unknown): KubeError =>
  thrown instanceof KubeError
    ? thrown
    : new KubeError('GRY_KUBE_UNREACHABLE', thrown instanceof Error ? thrown.message : String(thrown), {
        cause: thrown,
      });

/** Statuses of the 4xx that are about who asks, or how often, and not about what is asked. */
const ofTheAsker: ReadonlySet<number> = new Set([401, 408, 429]);

/** Whether the server refuses this very request, by its rules or by somebody's webhook; another one may well go through. */
export const isRefusal = ({ status = 0 }: KubeError): boolean =>
  status >= 400 && status < 500 && !ofTheAsker.has(status);
