import type { PrefixTable } from '../../net/prefix-table.ts';
import type { Path } from './path.ts';
import type { Routes } from './routes.ts';

/** What the outbound side sees of the RIB. */
export interface Tables {
  readonly prefixes: PrefixTable;
  readonly routes: Routes;
  /** The best path of a prefix as of now. */
  best(prefix: number): Path | undefined;
  /** The prefixes that this node originates. */
  originated(): readonly number[];
}
