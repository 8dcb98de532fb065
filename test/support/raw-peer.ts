import type { Connection } from '../../src/bgp/transport.ts';
import { decodeMessage, encodeMessage } from '../../src/bgp/wire/codec.ts';
import { Framer } from '../../src/bgp/wire/framer.ts';
import type {
  Announcement,
  Message,
  OpenMessage,
  UpdateMessage,
  WireContext,
} from '../../src/bgp/wire/message.ts';
import { beforeOpen, negotiate } from '../../src/bgp/wire/negotiate.ts';
import { describeNotification } from '../../src/bgp/wire/notification.ts';
import { type ReadableMessage, readable } from '../../src/bgp/wire/readable.ts';
import { encodeAnnouncement } from '../../src/bgp/wire/update-encoder.ts';
import type { Address } from '../../src/net/address.ts';
import { ByteWriter } from '../../src/net/byte-writer.ts';
import type { FakeHost } from './fake-network.ts';

/** The far end of a session, driven message by message: it does nothing by itself but remember. */
export class RawPeer {
  readonly #host: FakeHost;
  readonly received: string[] = [];
  /** The OPENs among them. */
  readonly opens: OpenMessage[] = [];
  /** Tells why each connection ended. */
  readonly ends: string[] = [];
  #connection: Connection | undefined;
  #framer = new Framer();
  #context: WireContext = beforeOpen;
  readonly open: OpenMessage;

  /** Listens on port 179 of the host. */
  constructor(host: FakeHost, open: OpenMessage) {
    this.#host = host;
    this.open = open;
    host.listen(
      { address: host.address, port: 179 },
      {
        listening: () => {},
        connection: (connection) => this.#adopt(connection),
        refused: () => {},
        failed: (error) => {
          throw error;
        },
      },
    );
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  dial(address: Address): void {
    this.#host.connect(
      { address, port: 179 },
      {},
      {
        connected: (connection) => this.#adopt(connection),
        failed: (error) => this.ends.push(error.message),
      },
    );
  }

  /** Sends our OPEN and KEEPALIVE: what it takes to be established with whoever likes our OPEN. */
  establish(): void {
    this.send(this.open, { kind: 'keepalive' });
  }

  send(...messages: readonly Exclude<Message, UpdateMessage>[]): void {
    const out = new ByteWriter();
    for (const message of messages) encodeMessage(out, message);
    this.sendBytes(out.copy());
  }

  announce(routes: Announcement): void {
    const out = new ByteWriter();
    encodeAnnouncement(out, routes, this.#context);
    this.sendBytes(out.copy());
  }

  sendBytes(bytes: Uint8Array): void {
    this.#connection?.write(bytes);
  }

  /** Stops reading, so that TCP fills up. */
  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  close(): void {
    this.#connection?.close();
  }

  #adopt(connection: Connection): void {
    this.#connection = connection;
    this.#framer = new Framer();
    connection.start({
      data: (bytes) => this.#read(bytes),
      drain: () => {},
      closed: (error) => {
        this.ends.push(error?.message ?? 'closed');
        if (this.#connection === connection) this.#connection = undefined;
      },
    });
  }

  #read(bytes: Uint8Array): void {
    this.#framer.push(bytes);
    for (let frame = this.#framer.next(); frame?.kind === 'frame'; frame = this.#framer.next()) {
      const decoded = readable(decodeMessage(frame, this.#context));
      if (decoded.kind !== 'message') throw new Error(`cannot decode: ${JSON.stringify(decoded)}`);
      if (decoded.message.kind === 'open') {
        this.opens.push(decoded.message);
        this.#context = negotiate(this.open, decoded.message);
      }
      this.received.push(messageText(decoded.message));
    }
  }
}

function messageText(message: ReadableMessage): string {
  switch (message.kind) {
    case 'notification':
      return `notification ${message.code}/${message.subcode} ${describeNotification(message)}`;
    case 'update':
      return `update ${[
        ...message.withdrawn.flatMap((w) => w.prefixes.map((p) => `-${p}`)),
        ...message.announced.flatMap((a) => a.prefixes.map((p) => `+${p}`)),
      ].join(' ')}`;
    case 'end-of-rib':
      return `end-of-rib ${message.family}`;
    default:
      return message.kind;
  }
}
