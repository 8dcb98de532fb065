import { GryphonError } from '../../ports/error.ts';

/** One request to the API server. */
export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** Path and query: `/api/v1/nodes?limit=500`. */
  readonly path: string;
  /** Sent as JSON under this content type. */
  readonly body?: { readonly type: string; readonly value: unknown };
}

/** The head of an answer of any status, with its body on the way. */
export interface KubeAnswer {
  readonly status: number;
  /** Milliseconds for which the server wants to be left alone (`Retry-After`). */
  readonly retryAfter?: number;
  /** To be read once; who leaves a loop over it early gives the connection up. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** What the reflectors and writers need of an API server. */
export interface KubeApi {
  /**
   * Resolves with the head of the answer. Nothing is repeated but after a 401, once, with credentials that were read anew.
   *
   * @throws KubeError when there is no answer, the reason of `signal` when that is aborted; both also while the body is read
   */
  send(request: KubeRequest, signal: AbortSignal): Promise<KubeAnswer>;
}

/** Why a conversation with the API server ended; the codes are stable and told in metrics. */
export type KubeErrorCode =
  /** No connection, or it broke. */
  | 'GRY_KUBE_UNREACHABLE'
  /** No kubeconfig, no token, or what they say is of no use. */
  | 'GRY_KUBE_CREDENTIALS'
  /** The server answered, but not with what was asked for. */
  | 'GRY_KUBE_REFUSED'
  /** 403. */
  | 'GRY_KUBE_FORBIDDEN'
  /** 404: the server has no such resource. */
  | 'GRY_KUBE_ABSENT'
  /** 410: what was asked for is forgotten; a new list is needed. */
  | 'GRY_KUBE_EXPIRED'
  /** What came is not what the API promises. */
  | 'GRY_KUBE_GARBAGE'
  /** An answer stopped in the middle. */
  | 'GRY_KUBE_TRUNCATED'
  /** Nothing was heard for too long. */
  | 'GRY_KUBE_SILENT'
  /** A watch ended before its time. */
  | 'GRY_KUBE_ENDED';

/** Something went wrong between us and the API server. */
export class KubeError extends GryphonError {
  declare readonly code: KubeErrorCode;
  /** HTTP status, where there was one. */
  readonly status: number | undefined;
  /** Milliseconds to wait at least. */
  readonly retryAfter: number | undefined;

  constructor(
    code: KubeErrorCode,
    message: string,
    details: {
      readonly remedy?: string;
      readonly cause?: unknown;
      readonly status?: number;
      readonly retryAfter?: number;
    } = {},
  ) {
    super(code, message, details);
    this.status = details.status;
    this.retryAfter = details.retryAfter;
  }
}
