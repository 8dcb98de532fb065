import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { equal } from '../net/equal.ts';
import type { Clock } from '../ports/clock.ts';
import { GryphonError } from '../ports/error.ts';
import type { BackoffOptions } from './backoff.ts';
import type { ApplyResult, Driver } from './driver.ts';
import { FailureBook } from './failure-book.ts';
import { inSlices } from './slices.ts';
import type { DesiredSysctl, SysctlIntent } from './sysctl-intent.ts';

/** A path that is not below net/, or a value that is no single line. Code `GRY_SYSCTL_INVALID`. */
export class SysctlError extends GryphonError {}

export interface SysctlDriverOptions {
  readonly clock: Clock;
  /** Where /proc/sys is; tests have their own. */
  readonly root?: string;
  readonly backoff?: BackoffOptions;
}

/** Milliseconds for which what was read is believed: passes may come a hundred times as often, and reading is half of a small one. */
const BELIEF = 1_000;
/** Reading one takes about 20 microseconds. */
const FILES_PER_TURN = 64;
/** A link may have any name without blank and slash. */
const SEGMENT = /^[^\s/\0]+$/;

/** @throws SysctlError */
function validate(path: string, value: string): void {
  const segments = path.split('/');
  const clean = segments.every((s) => SEGMENT.test(s) && s !== '.' && s !== '..');
  if (!clean || segments[0] !== 'net' || segments.length < 3) {
    throw new SysctlError('GRY_SYSCTL_INVALID', `${JSON.stringify(path)} is no path below net/`);
  }
  if (value.length > 256 || /[^\x20-\x7e\t]/.test(value)) {
    throw new SysctlError('GRY_SYSCTL_INVALID', `the value of ${path} is not one short line of ASCII`);
  }
}

/** The kernel separates several numbers by tabs. */
const normal = (value: string): string => value.trim().replaceAll(/\s+/g, ' ');

/**
 * Keeps files below /proc/sys/net at their wanted values. Reads each at an `apply`, because nobody tells when one changes, at
 * most once a second, and writes those that differ. What is no longer wanted keeps its value: nobody knows a better one.
 */
export class SysctlDriver implements Driver<SysctlIntent> {
  readonly name = 'sysctls';
  readonly #root: string;
  readonly #clock: Clock;
  readonly #failures: FailureBook<string>;
  #desired: SysctlIntent = new Map();
  /** What was found to be so, or made so, and until when that is believed. */
  #found: SysctlIntent = new Map();
  #foundUntil = Number.NEGATIVE_INFINITY;

  constructor(options: SysctlDriverOptions) {
    this.#root = options.root ?? '/proc/sys';
    this.#clock = options.clock;
    this.#failures = new FailureBook(options.clock, options.backoff);
  }

  /** @throws SysctlError */
  set(desired: SysctlIntent): void {
    for (const [path, { value }] of desired) validate(path, value);
    this.#desired = desired;
  }

  invalidate(): void {
    this.#foundUntil = Number.NEGATIVE_INFINITY;
    this.#failures.hurryAll();
  }

  /** @throws the abort reason */
  async apply(signal: AbortSignal): Promise<ApplyResult> {
    if (this.#isBelieved()) return { written: 0, failures: [] };
    let written = 0;
    const count = ([path, wanted]: [string, DesiredSysctl]): void => {
      if (this.#write(path, wanted)) written++;
    };
    await inSlices(this.#desired, signal, count, FILES_PER_TURN);
    this.#failures.retain((path) => this.#desired.has(path));
    this.#found = this.#desired;
    this.#foundUntil = this.#clock.monotonic() + BELIEF;
    return { written, ...this.#failures.report() };
  }

  #isBelieved(): boolean {
    if (this.#failures.size > 0 || this.#clock.monotonic() >= this.#foundUntil) return false;
    return equal(this.#desired, this.#found);
  }

  /** True when the file was changed. */
  #write(path: string, { value, onlyFrom }: DesiredSysctl): boolean {
    if (!this.#failures.isDue(path)) return false;
    const file = join(this.#root, path);
    try {
      const present = normal(readFileSync(file, 'latin1'));
      const differs = present !== normal(value) && (onlyFrom === undefined || present === onlyFrom);
      if (differs) writeFileSync(file, value, { flag: 'r+' });
      this.#failures.forget(path);
      return differs;
    } catch (error) {
      this.#failures.failed(path, {
        item: `sysctl ${path} = ${value}`,
        code: 'GRY_SYSCTL_REFUSED',
        reason: reasonOf(error),
      });
      return false;
    }
  }
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  switch (code) {
    case 'EROFS':
      return 'EROFS; mount the /proc/sys/net of the host writable into the container, and set sysctlDir';
    case 'EACCES':
    case 'EPERM':
      return `${code}; give the container the capability NET_ADMIN`;
    case 'ENOENT':
      return 'ENOENT; the link is gone, or this kernel does not have the setting';
    default:
      return code;
  }
}
