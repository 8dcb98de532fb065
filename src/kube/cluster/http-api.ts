import { request } from 'undici';
import { GryphonError } from '../../ports/error.ts';
import { Credentials, type Pass } from './credentials.ts';
import { type KubeAnswer, type KubeApi, KubeError, type KubeRequest } from './kube-api.ts';

export interface HttpApiOptions {
  /** Path of a kubeconfig; absent: the service account of the pod. */
  readonly kubeconfig?: string;
  readonly userAgent: string;
}

/** Milliseconds until the head of an answer must be there; bodies are judged by whoever reads them. */
const HEAD_TIMEOUT = 30_000;

/** Errors of TLS that a new CA file may mend. */
const distrust = /CERT|SSL|TLS|UNABLE_TO_(GET|VERIFY)|SELF_SIGNED|ERR_OSSL/;

/** The API server over HTTP, with the authentication of client-node and the connections of undici. */
export class HttpApi implements KubeApi {
  readonly #credentials: Credentials;
  readonly #userAgent: string;

  constructor({ kubeconfig, userAgent }: HttpApiOptions) {
    this.#credentials = new Credentials(kubeconfig);
    this.#userAgent = userAgent;
  }

  async send(what: KubeRequest, signal: AbortSignal): Promise<KubeAnswer> {
    const first = await this.#try(what, signal);
    if (first.status !== 401) return first;
    // The token has run out, or is of an account that was made anew: perhaps the file knows better by now.
    await discard(first);
    this.#credentials.renew();
    return await this.#try(what, signal);
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await this.#credentials.close();
  }

  async #try({ method, path, body }: KubeRequest, signal: AbortSignal): Promise<KubeAnswer> {
    signal.throwIfAborted();
    const pass = await this.#credentials.pass();
    try {
      const answer = await request(urlOf(pass, path), {
        method,
        dispatcher: pass.dispatcher,
        headers: {
          ...pass.headers,
          accept: 'application/json',
          'user-agent': this.#userAgent,
          ...(body !== undefined && { 'content-type': body.type }),
        },
        ...(body !== undefined && { body: JSON.stringify(body.value) }),
        headersTimeout: HEAD_TIMEOUT,
        bodyTimeout: 0,
        signal,
      });
      const after = Number(answer.headers['retry-after']);
      return {
        status: answer.statusCode,
        ...(after >= 0 && { retryAfter: after * 1000 }),
        body: translated(answer.body, pass, signal),
      };
    } catch (error) {
      if (distrust.test(codeOf(error))) this.#credentials.renew();
      throw failure(error, pass, signal);
    }
  }
}

/** A server may stand behind a path of a proxy (`https://rancher/k8s/clusters/c-1`). */
const urlOf = ({ server }: Pass, path: string): string => `${server.replace(/\/+$/, '')}${path}`;

/** The body, with errors as `KubeApi` promises them. */
async function* translated(
  body: AsyncIterable<Uint8Array>,
  pass: Pass,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body;
  } catch (error) {
    throw failure(error, pass, signal);
  }
}

function failure(error: unknown, { server }: Pass, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof GryphonError) return error;
  const code = codeOf(error);
  const reason = error instanceof Error && error.message !== '' ? error.message : code;
  const remedy = distrust.test(code)
    ? {
        remedy:
          'look at the certificate of the API server and the CA that the kubeconfig or service account trusts',
      }
    : {};
  return new KubeError('GRY_KUBE_UNREACHABLE', `${server}: ${reason || 'the connection failed'}`, {
    cause: error,
    ...remedy,
  });
}

/** `ECONNREFUSED`, `UND_ERR_SOCKET`: of the error, or of the first of those that it stands for. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

async function discard({ body }: KubeAnswer): Promise<void> {
  for await (const _ of body) break;
}
