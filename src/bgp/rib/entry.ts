import type { Prefix } from '../../net/prefix.ts';
import type { BgpFamily } from '../config.ts';
import type { PathStatus, RibEntryStatus } from '../status.ts';
import type { Decision } from './decision.ts';
import type { Rejection } from './import-policy.ts';
import type { Path } from './path.ts';
import { pathStatus } from './path-status.ts';

/** How one route stands in the RIB. */
export interface Standing {
  /** As accepted, or else as received. */
  readonly path: Path;
  readonly accepted: boolean;
  /** Why it is not. */
  readonly rejection: Rejection | undefined;
  /** RFC 7911; 0 where there is none. */
  readonly pathId: number;
  readonly stale: boolean;
}

/** A prefix for people: the best path first, then the others as the decision removed them, then what may not be used. */
export function ribEntry(
  prefix: Prefix,
  family: BgpFamily,
  standings: readonly Standing[],
  decision: Decision | undefined,
): RibEntryStatus {
  const order: readonly Path[] = decision === undefined ? [] : [decision.best, ...decision.lost.keys()];
  const paths: PathStatus[] = [];
  for (const path of order) {
    for (const s of standings) {
      if (s.accepted && s.path === path) paths.push(statusOf(s, decision));
    }
  }
  for (const s of standings) if (!s.accepted) paths.push(statusOf(s, undefined));
  return { prefix, family, paths };
}

function statusOf({ path, rejection, pathId, stale }: Standing, decision: Decision | undefined): PathStatus {
  return {
    ...pathStatus(path, decision, rejection),
    ...(pathId !== 0 && { pathId }),
    ...(stale && { stale }),
  };
}
