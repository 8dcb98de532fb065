import {
  TYPE_KEEPALIVE,
  TYPE_NOTIFICATION,
  TYPE_OPEN,
  TYPE_ROUTE_REFRESH,
  TYPE_UPDATE,
} from '../wire/header.ts';
import type { Message, NotificationMessage, Reset } from '../wire/message.ts';
import { describeNotification, type NotificationName, notification } from '../wire/notification.ts';
import type { Draft } from './draft.ts';
import { establish, receiveOpen } from './handshake.ts';
import { withholdAfter } from './open.ts';
import type { Agreed, ConnectionState } from './state.ts';

/** A message on one connection, by the state that it is in: RFC 4271 §8.2.2, events 19 and 24 to 27. */
export function receive(draft: Draft, connection: ConnectionState, message: Message, at: number): void {
  if (message.kind === 'notification') return receiveNotification(draft, connection, message);
  switch (connection.phase) {
    case 'opensent':
      if (message.kind === 'open') return receiveOpen(draft, connection, message, at);
      return unexpected(draft, connection, message);
    case 'contending':
      if (message.kind === 'keepalive') return draft.put({ ...connection, confirmed: true, heardAt: at });
      return unexpected(draft, connection, message);
    case 'openconfirm':
      if (message.kind === 'keepalive') return establish(draft, connection, at);
      return unexpected(draft, connection, message);
    case 'established':
      return receiveEstablished(draft, connection, message, at);
  }
}

function receiveEstablished(draft: Draft, connection: Agreed, message: Message, at: number): void {
  switch (message.kind) {
    case 'keepalive':
    case 'update':
      return draft.put({ ...connection, heardAt: at });
    case 'end-of-rib':
      draft.put({ ...connection, heardAt: at });
      return draft.emit({ kind: 'end-of-rib', family: message.family });
    // RFC 4271 §6.5 counts UPDATE and KEEPALIVE as signs of life; RFC 2918 adds nothing to that.
    case 'route-refresh':
      return draft.emit({ kind: 'refresh', message });
    case 'open':
    case 'notification':
      return unexpected(draft, connection, message);
  }
}

/**
 * A message whose contents the codec refused, or does not look at where no `reset` is given. In a state that waits for no message
 * of its type it is unexpected, whatever is in it (RFC 4271 §8.2.2: event 28 is for Established, event 22 for all before it).
 */
export function receiveUnusable(
  draft: Draft,
  connection: ConnectionState,
  type: number,
  reset?: Reset,
): void {
  const established = connection.phase === 'established';
  if (established === (type === TYPE_OPEN))
    return misplaced(draft, connection, type, `message of type ${type}`);
  if (reset !== undefined) draft.fail(connection, reset);
}

/** RFC 4271 §6.4: no answer, the connection ends. */
function receiveNotification(draft: Draft, connection: ConnectionState, message: NotificationMessage): void {
  draft.emit({ kind: 'close', id: connection.id, abort: false });
  draft.change({ withheld: withholdAfter(message, draft.state) });
  draft.lose(connection, {
    reason: `peer sent ${describeNotification(message)}`,
    notification: { direction: 'received', message },
  });
}

/** Message type codes, RFC 4271 §4.1 and RFC 2918 §3. */
const TYPE_CODES: Readonly<Record<Message['kind'], number>> = {
  open: TYPE_OPEN,
  update: TYPE_UPDATE,
  'end-of-rib': TYPE_UPDATE,
  notification: TYPE_NOTIFICATION,
  keepalive: TYPE_KEEPALIVE,
  'route-refresh': TYPE_ROUTE_REFRESH,
};

const UNEXPECTED: Readonly<Record<ConnectionState['phase'], { name: NotificationName; state: string }>> = {
  opensent: { name: 'unexpectedInOpenSent', state: 'OpenSent' },
  // The peer has our OPEN and we have its: what it may send is what it may send in OpenConfirm.
  contending: { name: 'unexpectedInOpenConfirm', state: 'OpenConfirm' },
  openconfirm: { name: 'unexpectedInOpenConfirm', state: 'OpenConfirm' },
  established: { name: 'unexpectedInEstablished', state: 'Established' },
};

const unexpected = (draft: Draft, connection: ConnectionState, { kind }: Message): void =>
  misplaced(draft, connection, TYPE_CODES[kind], kind);

/** RFC 6608 §3: the data are the type of the message that came. */
function misplaced(draft: Draft, connection: ConnectionState, type: number, what: string): void {
  const { name, state } = UNEXPECTED[connection.phase];
  draft.fail(connection, {
    kind: 'reset',
    notification: notification(name, Uint8Array.of(type)),
    reason: `unexpected ${what} in ${state}`,
  });
}
