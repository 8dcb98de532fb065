import type { Address, Family } from '../net/address.ts';
import type { CommandResult } from './command.ts';
import type { Topology } from './topology.ts';
import type { Argv } from './wiring.ts';

/** Why a check does not hold, naming what was wanted and what came; undefined when it holds. */
export type Verdict = string | undefined;

/** A command in a place of the lab, and what it must show. */
export interface Check {
  /** What it shows, unique within its step: `IPv4`, `node-a IPv6`. */
  readonly label: string;
  readonly place: string;
  readonly argv: Argv;
  /** Tried again until it holds, for so many milliseconds; absent: it must hold at once. */
  readonly withinMs?: number;
  /** The lines worth showing; absent: all of them. */
  readonly show?: (output: string) => string;
  readonly verdict: (result: CommandResult) => Verdict;
}

/** What steps know about a lab that is up. */
export interface Scene {
  readonly topology: Topology;
  /** @throws LabError `GRY_LAB_POD` when the pod has no address of the family */
  podAddress(pod: string, family: Family): Address;
  /** Our end of the pod's cable, as the runtime was told. @throws LabError `GRY_LAB_POD` */
  hostLink(pod: string): string;
}

/** One scene of the walk-through. */
export interface Step {
  /** For the closing table: a few words. */
  readonly title: string;
  /** What one is about to see and why it is so: one or two sentences. */
  readonly story: string;
  readonly checks: (scene: Scene) => readonly Check[];
  /** Puts back what the step changed; run also when a check failed. */
  readonly restore?: (scene: Scene) => readonly Check[];
}

export const FAMILIES: readonly Family[] = [4, 6];

/** The option that narrows `ip` to a family. */
export const ipFamily = (family: Family): '-4' | '-6' => (family === 4 ? '-4' : '-6');

/** A verdict that also wants exit code 0. */
export const onOutput =
  (verdict: (output: string) => Verdict): Check['verdict'] =>
  ({ exitCode, stdout, stderr }) =>
    exitCode === 0 ? verdict(stdout) : `exit code ${exitCode}: ${(stderr || stdout).trim()}`;

/** A check that only does something: it must end with 0. */
export const doing = (label: string, place: string, argv: Argv): Check => ({
  label,
  place,
  argv,
  verdict: onOutput(() => undefined),
});
