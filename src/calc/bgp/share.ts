import { equal } from '../../net/equal.ts';
import type { BgpResult } from './speaker-config.ts';

/**
 * `fresh` with every peer that equals the one of the same name before replaced by it, and the very result before where nothing
 * changed: whoever follows sees by identity what is to be done.
 */
export function keepEqual(before: BgpResult | undefined, fresh: BgpResult): BgpResult {
  if (before?.config === undefined || fresh.config === undefined) return fresh;
  const old = new Map(before.config.peers.map((peer) => [peer.name, peer]));
  const peers = fresh.config.peers.map((peer) => {
    const known = old.get(peer.name);
    return known !== undefined && equal(known, peer) ? known : peer;
  });
  const config = { ...fresh.config, peers };
  if (!equal(before.config, config)) return { ...fresh, config };
  return equal(before.problems, fresh.problems) ? before : { ...fresh, config: before.config };
}
