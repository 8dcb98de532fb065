import type { NotificationMessage, Reset } from '../wire/message.ts';
import { hardReset, isLasting, isNotification, NOTIFICATIONS, notification } from '../wire/notification.ts';
import type { DownReason, FsmOutput } from './events.ts';
import type { Agreed, ConnectionState, FsmState } from './state.ts';
import { DIAL_TIME, jitter, restartKeepalive, retryTime, STABLE } from './timing.ts';

/** One step in the making: the state so far and the outputs so far. Never outlives `step`. */
export class Draft {
  state: FsmState;
  readonly now: number;
  readonly outputs: FsmOutput[] = [];

  constructor(state: FsmState, now: number) {
    this.state = state;
    this.now = now;
  }

  change(part: Partial<FsmState>): void {
    this.state = { ...this.state, ...part };
  }

  emit(output: FsmOutput): void {
    this.outputs.push(output);
  }

  connection(id: number): ConnectionState | undefined {
    return this.state.connections.find((c) => c.id === id);
  }

  /** Puts the connection in the place of the one with its id, or beside the others. */
  put(connection: ConnectionState): void {
    const { connections } = this.state;
    const known = connections.some((c) => c.id === connection.id);
    this.change({
      connections: known
        ? connections.map((c) => (c.id === connection.id ? connection : c))
        : [...connections, connection],
    });
  }

  /** Puts a connection on which something was sent: its keepalive timer starts anew. */
  talk(connection: Agreed): Agreed {
    const [restarted, seed] = restartKeepalive(connection, this.now, this.state.seed);
    this.change({ seed });
    this.put(restarted);
    return restarted;
  }

  keepalive(connection: Agreed): Agreed {
    this.emit({ kind: 'send', id: connection.id, message: { kind: 'keepalive' } });
    return this.talk(connection);
  }

  dial(): void {
    this.change({ retryAt: undefined, dialUntil: this.now + DIAL_TIME });
    this.emit({ kind: 'dial' });
  }

  cancelDial(): void {
    if (this.state.dialUntil === undefined) return;
    this.change({ dialUntil: undefined });
    this.emit({ kind: 'cancel-dial' });
  }

  /** A dial ended without a connection. */
  dialFailed(reason: string, details: { readonly unanswered?: true } = {}): void {
    this.change({ failures: this.state.failures + 1 });
    this.emit({ kind: 'attempt-failed', reason, ...details });
  }

  /** RFC 4271 §6: the NOTIFICATION goes out, the connection ends. */
  fail(connection: ConnectionState, { notification, reason }: Reset, retryAfter?: number): void {
    this.end(connection, reason, notification, retryAfter);
  }

  /** As `fail`; without a NOTIFICATION nothing is said. */
  end(
    connection: ConnectionState,
    reason: string,
    notification: NotificationMessage | undefined,
    retryAfter?: number,
  ): void {
    const message = notification && worded(connection, notification);
    if (message !== undefined) this.#send(connection.id, message);
    this.emit({ kind: 'close', id: connection.id, abort: false });
    this.lose(connection, {
      reason,
      ...(message !== undefined && { notification: { direction: 'sent', message } }),
      ...(retryAfter !== undefined && { retryAfter }),
    });
  }

  /** RFC 4724 §4.2: the peer has restarted and knows nothing of this connection: no NOTIFICATION, and its routes are kept. */
  replace(connection: ConnectionState): void {
    this.end(connection, 'the peer has restarted: it opened a new connection', undefined);
  }

  /** RFC 4271 §6.8: closes the connection that lost a collision; the session goes on in the other. */
  yieldTo(loser: ConnectionState): void {
    this.#send(loser.id, notification('connectionCollision'));
    this.emit({ kind: 'close', id: loser.id, abort: false });
    this.#remove(loser);
  }

  /** Closes all connections but this one. */
  keepOnly({ id }: ConnectionState): void {
    for (const other of this.state.connections) if (other.id !== id) this.yieldTo(other);
  }

  /** The connection is gone. Where it was the last one, this was a failure; after a protocol error Idle is held. */
  lose(connection: ConnectionState, down: DownReason): void {
    this.#remove(connection);
    const established = connection.phase === 'established';
    this.emit({ kind: established ? 'down' : 'attempt-failed', ...down });
    // The next session is asked for everything again.
    if (established) this.change({ withheld: 'nothing' });
    if (this.state.connections.length > 0 || this.state.phase !== 'running') return;
    const stable =
      connection.phase === 'established' && this.now - (connection.establishedAt ?? this.now) >= STABLE;
    this.change({ failures: stable ? 1 : this.state.failures + 1 });
    if (down.notification === undefined || !isError(down.notification.message)) return;
    this.cancelDial();
    this.change({ phase: 'held' });
    if (down.retryAfter === undefined) this.retryLater();
    else this.change({ retryAt: this.now + down.retryAfter });
  }

  /** Sets the moment of the next attempt, later with each failure in a row. */
  retryLater(): void {
    const { delay, seed } = jitter(retryTime(this.state.failures), this.state.seed);
    this.change({ retryAt: this.now + delay, seed });
  }

  #send(id: number, message: NotificationMessage): void {
    this.emit({ kind: 'send', id, message });
  }

  #remove({ id }: ConnectionState): void {
    this.change({ connections: this.state.connections.filter((c) => c.id !== id) });
  }
}

/** RFC 8538 §5.1: what ends a session for long is said so that the peer keeps nothing of it. */
const worded = (connection: ConnectionState, message: NotificationMessage): NotificationMessage =>
  connection.phase !== 'opensent' &&
  connection.negotiated.restart?.notification === true &&
  isLasting(message)
    ? hardReset(message)
    : message;

/** Whether trying again at once would likely end the same way: not after silence and not after a collision. */
const isError = (message: NotificationMessage): boolean =>
  message.code !== NOTIFICATIONS.holdTimerExpired.code && !isNotification(message, 'connectionCollision');
