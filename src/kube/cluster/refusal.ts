import { asList, asObject, own, type PlainObject } from '../records/plain.ts';
import { type KubeAnswer, KubeError, type KubeErrorCode } from './kube-api.ts';

/** Octets of an error answer that are looked at. */
const LONGEST_TEXT = 64 * 1024;
/** Characters of the server's own words that are passed on. */
const LONGEST_QUOTE = 300;

/** The error that an answer of another status than 2xx stands for, in the server's own words where it has some. */
export async function refusal(answer: KubeAnswer): Promise<KubeError> {
  const text = await beginning(answer.body);
  return statusError(parseStatus(text) ?? { message: text }, answer.status, answer.retryAfter);
}

/** The error that a `Status` object of the API stands for, as watches send it in events of type ERROR. */
export function statusError(status: PlainObject, code = codeOf(status), retryAfter?: number): KubeError {
  const said = own(status, 'message');
  const words = typeof said === 'string' ? said.replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST_QUOTE) : '';
  const details = { status: code, ...(retryAfter !== undefined && { retryAfter }) };
  const text = words === '' ? `the API server answers ${code}` : `the API server answers ${code}: ${words}`;
  return new KubeError(kindOf(status, code), text, { ...details, ...remedyOf(code) });
}

function kindOf(status: PlainObject, code: number): KubeErrorCode {
  if (code === 410 || isFromTheFuture(status)) return 'GRY_KUBE_EXPIRED';
  if (code === 403) return 'GRY_KUBE_FORBIDDEN';
  return code === 404 ? 'GRY_KUBE_ABSENT' : 'GRY_KUBE_REFUSED';
}

/** The server was restored from a backup: it has not come as far as we have. Only a new list tells what is true now. */
const isFromTheFuture = (status: PlainObject): boolean =>
  asList(own(asObject(own(status, 'details')), 'causes')).some(
    (cause) => own(asObject(cause), 'reason') === 'ResourceVersionTooLarge',
  );

function codeOf(status: PlainObject): number {
  const code = own(status, 'code');
  return typeof code === 'number' ? code : 500;
}

const remedyOf = (code: number): { readonly remedy?: string } =>
  code === 401
    ? { remedy: 'look at the service account token of the agent, or at the user of its kubeconfig' }
    : {};

function parseStatus(text: string): PlainObject | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function beginning(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    parts.push(part);
    size += part.length;
    if (size >= LONGEST_TEXT) break;
  }
  return Buffer.concat(parts).toString('utf8', 0, LONGEST_TEXT);
}
