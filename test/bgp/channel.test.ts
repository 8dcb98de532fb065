import { expect, test } from 'vitest';
import { Channel } from '../../src/bgp/channel.ts';
import type { Connection } from '../../src/bgp/transport.ts';
import { encodeMessage } from '../../src/bgp/wire/codec.ts';
import { address } from '../../src/net/address.ts';
import { ByteWriter } from '../../src/net/byte-writer.ts';

const endpoint = { address: address('192.0.2.1'), port: 179 };

/** A connection that only remembers whether it reads. */
function setUp() {
  const calls: string[] = [];
  const connection: Connection = {
    local: endpoint,
    remote: endpoint,
    start: () => {},
    write: () => true,
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    setPassword: () => {},
    close: () => {},
    destroy: () => {},
  };
  return { channel: new Channel(1, connection), calls };
}

function keepalives(count: number): Uint8Array {
  const out = new ByteWriter();
  for (let i = 0; i < count; i++) encodeMessage(out, { kind: 'keepalive' });
  return out.copy();
}

test('a peer that sends faster than we read is held back, and let go again', () => {
  const { channel, calls } = setUp();
  for (let i = 0; i < 40; i++) channel.push(keepalives(1000), i);
  expect(calls).toEqual(['pause']);
  let read = 0;
  while (channel.next() !== undefined) read++;
  expect(read).toBe(40_000);
  expect(calls).toEqual(['pause', 'resume']);
});

test('a message is as old as the bytes that completed it', () => {
  const { channel } = setUp();
  const bytes = keepalives(2);
  channel.push(bytes.subarray(0, 30), 100);
  channel.push(bytes.subarray(30), 200);
  expect(channel.waitingSince).toBe(200);
  expect(channel.next()).toMatchObject({ at: 100, decoded: { kind: 'message' } });
  expect(channel.next()).toMatchObject({ at: 200, decoded: { kind: 'message' } });
  expect([channel.next(), channel.waitingSince]).toEqual([undefined, undefined]);
});

test('messages that came together and wait for their turn still count as waiting', () => {
  const { channel } = setUp();
  channel.push(keepalives(2), 100);
  channel.next();
  expect(channel.waitingSince).toBe(100);
  channel.next();
  channel.next();
  expect(channel.waitingSince).toBeUndefined();
});

test('a message that cannot be located ends the stream', () => {
  const { channel } = setUp();
  channel.push(new Uint8Array(19), 5);
  channel.push(keepalives(1), 6);
  expect(channel.next()).toMatchObject({ at: 5, decoded: { kind: 'reset' } });
  expect(channel.next()).toMatchObject({ decoded: { kind: 'reset' } });
});
