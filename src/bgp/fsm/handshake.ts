import type { OpenMessage } from '../wire/message.ts';
import { judgeCollision } from './collision.ts';
import type { Draft } from './draft.ts';
import { acceptOpen } from './open.ts';
import type { Agreed, Contending, OpenSent } from './state.ts';
import { COLLISION_WAIT } from './timing.ts';

/** RFC 4271 §8.2.2, event 19 in OpenSent: the OPEN is refused, or answered, or waits for what becomes of another connection. */
export function receiveOpen(draft: Draft, connection: OpenSent, open: OpenMessage, at: number): void {
  const { config, connections } = draft.state;
  const negotiated = acceptOpen(config, connection.open, open);
  if ('kind' in negotiated) return draft.fail(connection, negotiated);
  const local = { routerID: config.routerID, as: config.localAS };
  const other = connections.find((c) => c.id !== connection.id);
  const verdict = other === undefined ? 'go on' : judgeCollision(connection, other, local, open);
  if (verdict === 'close this one') return draft.yieldTo(connection);
  if (verdict === 'close the other' && other !== undefined) draft.yieldTo(other);
  if (verdict === 'replace the other' && other !== undefined) draft.replace(other);
  draft.emit({ kind: 'agreed', id: connection.id, negotiated });
  const until = verdict === 'wait' ? draft.now + COLLISION_WAIT : draft.now;
  const { id, direction, openedAt, blockedAt } = connection;
  const base = { id, direction, openedAt, blockedAt, heardAt: at };
  draft.put({ ...base, phase: 'contending', negotiated, until, confirmed: false });
  // A peer that knows nothing of the old connection answers with a reset: it is found dead now and not by the hold timer.
  if (verdict === 'wait' && other?.phase === 'established') draft.keepalive(other);
}

/** Ends the wait of a connection whose rival is gone, or that has waited long enough: an established rival stays. */
export function settleCollision(draft: Draft): void {
  const [first, second] = draft.state.connections;
  for (const [connection, rival] of [
    [first, second],
    [second, first],
  ]) {
    if (connection?.phase !== 'contending') continue;
    if (rival !== undefined && draft.now < connection.until) continue;
    if (rival?.phase === 'established') draft.yieldTo(connection);
    else answerOpen(draft, connection);
  }
}

/** To OpenConfirm; and on, where the peer's KEEPALIVE has been waiting for us. */
function answerOpen(
  draft: Draft,
  { id, direction, openedAt, blockedAt, negotiated, heardAt, confirmed }: Contending,
): void {
  const agreed = draft.keepalive({
    id,
    direction,
    openedAt,
    phase: 'openconfirm',
    negotiated,
    heardAt,
    blockedAt,
    keepaliveAt: undefined,
    establishedAt: undefined,
  });
  if (confirmed) establish(draft, agreed, heardAt);
}

/** RFC 4271 §8.2.2, event 26 in OpenConfirm. */
export function establish(draft: Draft, connection: Agreed, at: number): void {
  draft.put({ ...connection, phase: 'established', heardAt: at, establishedAt: draft.now });
  // From now on this run knows what it has announced to the peer, and the kernel forwards it whatever becomes of the session.
  draft.change({ restart: { ...draft.state.restart, forwarding: true } });
  draft.emit({ kind: 'established', id: connection.id, negotiated: connection.negotiated });
}
