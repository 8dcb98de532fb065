import type { Peer } from '../api/resources/peer.ts';
import type { Style } from './output.ts';

export function stateStyle({ state }: Peer): Style | undefined {
  if (state === 'established') return 'green';
  return state === 'disabled' ? undefined : 'red';
}
