import type { Connection } from '../../src/bgp/transport.ts';
import { concat, HEADER, u16 } from './octets.ts';

/** A message of the speaker, as it stands on the wire. */
export interface Heard {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** One TCP connection, seen from the far end: it says what it is told to say and remembers what it hears. */
export class Line {
  readonly dialledBy: 'ours' | 'theirs';
  /** When TCP was up, monotonic milliseconds. */
  readonly since: number;
  readonly heard: Heard[] = [];
  /** What the speaker sent that can be no message. */
  garbage: Uint8Array | undefined;
  /** How TCP ended: `closed`, or the reason why it broke. */
  ended: string | undefined;
  /** It has not been reading all the time, so that a last word may be lost. */
  everPaused = false;
  paused = false;
  readonly #connection: Connection;
  #rest: Uint8Array = new Uint8Array(0);
  #received = 0;
  #closedByUs = false;

  constructor(connection: Connection, dialledBy: 'ours' | 'theirs', since: number) {
    this.#connection = connection;
    this.dialledBy = dialledBy;
    this.since = since;
    connection.start({
      data: (bytes) => this.#read(bytes),
      drain: () => {},
      closed: (error) => {
        this.ended = error?.message ?? 'closed';
      },
    });
  }

  get open(): boolean {
    return this.ended === undefined && !this.#closedByUs;
  }

  get closedByFarEnd(): boolean {
    return this.#closedByUs;
  }

  send(bytes: Uint8Array): void {
    this.#connection.write(bytes);
  }

  close(): void {
    this.#closedByUs = true;
    this.#connection.close();
  }

  pause(): void {
    this.everPaused = true;
    this.paused = true;
    this.#connection.pause();
  }

  /** Gives how many octets were waiting. */
  resume(): number {
    const before = this.#received;
    this.paused = false;
    this.#connection.resume();
    return this.#received - before;
  }

  #read(bytes: Uint8Array): void {
    this.#received += bytes.length;
    if (this.garbage !== undefined) return;
    let rest = this.#rest.length === 0 ? bytes : concat(this.#rest, bytes);
    while (rest.length >= HEADER) {
      const length = u16(rest, 16);
      if (length < HEADER || rest.subarray(0, 16).some((octet) => octet !== 0xff)) {
        this.garbage = rest;
        return;
      }
      if (rest.length < length) break;
      this.heard.push({ type: rest[18] ?? 0, bytes: rest.slice(0, length) });
      rest = rest.subarray(length);
    }
    this.#rest = rest.slice();
  }
}
