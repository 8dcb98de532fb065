import type { Clock } from '../ports/clock.ts';
import type { DownReason } from './fsm/events.ts';
import type { MessageCounts, PeerDown, PeerState } from './status.ts';
import type { Message } from './wire/message.ts';
import { isNotification, notificationName, shutdownText } from './wire/notification.ts';

/** What people want to know of a session's past. */
export class SessionRecord {
  readonly received = noMessages();
  readonly sent = noMessages();
  readonly #clock: Clock;
  #state: PeerState = 'idle';
  #since: number;
  establishedAt: number | undefined;
  flaps = 0;
  lastDown: PeerDown | undefined;
  lastError: string | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  get state(): PeerState {
    return this.#state;
  }

  /** When `state` was entered. */
  get since(): number {
    return this.#since;
  }

  /** Tells whether it is another state than before. */
  enter(state: PeerState): boolean {
    if (state === this.#state) return false;
    this.#state = state;
    this.#since = this.#clock.now();
    return true;
  }

  established(): void {
    this.establishedAt = this.#clock.now();
    this.lastError = undefined;
  }

  /** An established session is over. */
  down(down: DownReason): void {
    if (isCollision(down)) return;
    this.flaps++;
    this.lastDown = peerDown(down, this.#clock.now());
    // Until then no attempt is made that could tell what is wrong.
    if (down.retryAfter !== undefined) this.lastError = down.reason;
  }

  /** An attempt failed. One that got as far as a NOTIFICATION is worth as much as a session that went down. */
  attemptFailed(down: DownReason): void {
    if (isCollision(down)) return;
    this.lastError = down.reason;
    if (down.notification !== undefined) this.lastDown = peerDown(down, this.#clock.now());
  }
}

/** RFC 4271 §6.8: both sides dialled, and the peer chose the other connection. That is how sessions begin, no failure. */
const isCollision = ({ notification }: DownReason): boolean =>
  notification !== undefined && isNotification(notification.message, 'connectionCollision');

function peerDown({ reason, notification }: DownReason, at: number): PeerDown {
  if (notification === undefined) return { at, reason };
  const { direction, message } = notification;
  const { code, subcode } = message;
  const text = shutdownText(message);
  return {
    at,
    reason,
    notification: {
      direction,
      code,
      subcode,
      name: notificationName(message),
      ...(text !== undefined && { text }),
    },
  };
}

type Counts = { -readonly [K in keyof MessageCounts]: MessageCounts[K] };

const noMessages = (): Counts => ({ open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 });

/** The counter that a message belongs to: End-of-RIB is an UPDATE on the wire. */
export const counterOf = (kind: Message['kind']): keyof MessageCounts => COUNTERS[kind];

const COUNTERS: Readonly<Record<Message['kind'], keyof MessageCounts>> = {
  open: 'open',
  update: 'update',
  'end-of-rib': 'update',
  notification: 'notification',
  keepalive: 'keepalive',
  'route-refresh': 'routeRefresh',
};
