import type { NotificationCount } from './status.ts';
import type { NotificationMessage } from './wire/message.ts';
import { isStandard, notificationName } from './wire/notification.ts';

type Counter = { -readonly [K in keyof NotificationCount]: NotificationCount[K] };

/**
 * NOTIFICATIONs of one peer by kind. Kinds that no standard names are counted together, so that no peer can make more counters
 * than there are standard ones.
 */
export class NotificationCounts {
  readonly #counters = new Map<string, Counter>();

  count(direction: NotificationCount['direction'], message: NotificationMessage): void {
    const { code, subcode } = message;
    const standard = isStandard(message);
    const key = standard ? `${direction} ${code}/${subcode}` : direction;
    const counter = this.#counters.get(key);
    if (counter !== undefined) counter.count++;
    else if (standard)
      this.#counters.set(key, { direction, code, subcode, name: notificationName(message), count: 1 });
    else this.#counters.set(key, { direction, name: 'of no standard', count: 1 });
  }

  list(): readonly NotificationCount[] {
    return [...this.#counters.values()].map((counter) => ({ ...counter }));
  }
}
