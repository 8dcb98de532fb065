import { describeError } from '../ports/error.ts';

/** One thing that cleanup found, and what became of it. */
export interface CleanupItem {
  readonly kind: 'link' | 'routes' | 'rules' | 'file';
  /** `gryp0123456789a (default/web-0)`, `12 routes of protocol 71`, a path. */
  readonly name: string;
  /** `kept`: it may be ours, and others may use it by now. */
  readonly outcome: 'removed' | 'failed' | 'kept';
  readonly reason?: string;
}

export const removed = (kind: CleanupItem['kind'], name: string): CleanupItem => ({
  kind,
  name,
  outcome: 'removed',
});

export const failed = (kind: CleanupItem['kind'], name: string, error: unknown): CleanupItem => ({
  kind,
  name,
  outcome: 'failed',
  reason: describeError(error),
});

export const kept = (kind: CleanupItem['kind'], name: string, reason: string): CleanupItem => ({
  kind,
  name,
  outcome: 'kept',
  reason,
});
