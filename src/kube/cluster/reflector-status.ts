import type { KubeError, KubeErrorCode } from './kube-api.ts';

/** How a watch, or what leads to it, came to its end; a label in metrics. */
export type WatchEnd =
  | 'timeout'
  | 'ended'
  | 'silent'
  | 'expired'
  | 'garbage'
  | 'refused'
  | 'forbidden'
  | 'absent'
  | 'unreachable';

/** How one resource is doing. */
export interface ReflectorStatus {
  /** `nodes`. */
  readonly name: string;
  /** A complete list was read once, or the server has no such resource. */
  readonly synced: boolean;
  /** Wall clock, milliseconds, of the last sign that what we know is true. */
  readonly lastGood?: number;
  /** Why it is not followed now, and since when (wall clock, milliseconds). */
  readonly failure?: { readonly error: KubeError; readonly since: number };
  readonly objects: number;
  /** Complete lists until now. */
  readonly lists: number;
  /** Ends of watches until now. */
  readonly watchEnds: ReadonlyMap<WatchEnd, number>;
}

const ends: Readonly<Record<KubeErrorCode, WatchEnd>> = {
  GRY_KUBE_UNREACHABLE: 'unreachable',
  GRY_KUBE_CREDENTIALS: 'unreachable',
  GRY_KUBE_REFUSED: 'refused',
  GRY_KUBE_FORBIDDEN: 'forbidden',
  GRY_KUBE_ABSENT: 'absent',
  GRY_KUBE_EXPIRED: 'expired',
  GRY_KUBE_GARBAGE: 'garbage',
  GRY_KUBE_TRUNCATED: 'ended',
  GRY_KUBE_SILENT: 'silent',
  GRY_KUBE_ENDED: 'ended',
};

export const watchEndOf = (error: KubeError): WatchEnd => ends[error.code];
