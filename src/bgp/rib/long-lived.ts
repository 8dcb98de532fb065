import { addCommunity, hasCommunity } from './community-set.ts';
import { type Path, revisePath } from './path.ts';

/**
 * What becomes of a stale path when the restart time is over and its peer may stay away longer (RFC 9494 §4.2): it carries
 * LLGR_STALE, which makes it the least preferred (§4.3). Undefined: NO_LLGR says that it must go.
 */
export function longLivedStale(path: Path): Path | undefined {
  if (hasCommunity(path.attributes, 'no-llgr')) return undefined;
  if (path.longLivedStale) return path;
  return revisePath(path, { attributes: addCommunity(path.attributes, 'llgr-stale') });
}
