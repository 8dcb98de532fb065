import { describe, expect, it } from 'vitest';
import { hex } from '../../../src/bgp/wire/bytes.ts';
import { encodeMessage } from '../../../src/bgp/wire/codec.ts';
import type { NotificationMessage } from '../../../src/bgp/wire/message.ts';
import {
  describeNotification,
  hardReset,
  isHardReset,
  maximumPrefixesNotification,
  NOTIFICATIONS,
  notification,
  shutdownNotification,
  shutdownText,
  unwrapHardReset,
} from '../../../src/bgp/wire/notification.ts';
import { ByteWriter } from '../../../src/net/byte-writer.ts';
import { decode, fromHex } from './support.ts';

const of = (code: number, subcode: number, data = ''): NotificationMessage => ({
  kind: 'notification',
  code,
  subcode,
  data: fromHex(data),
});

const text = (words: string): string => hex(new TextEncoder().encode(words));

describe('describeNotification', () => {
  it.each([
    [of(1, 2, '0012'), 'Message Header Error/Bad Message Length'],
    [of(2, 2), 'OPEN Message Error/Bad Peer AS'],
    [of(2, 11), 'OPEN Message Error/Role Mismatch'],
    [of(3, 11), 'UPDATE Message Error/Malformed AS_PATH'],
    [of(3, 0), 'UPDATE Message Error'],
    [of(4, 0), 'Hold Timer Expired'],
    [of(5, 3), 'Finite State Machine Error/Receive Unexpected Message in Established State'],
    [of(6, 77), 'Cease/77'],
    [of(8, 0), 'Send Hold Timer Expired'],
    [of(99, 0), 'Error 99'],
    [of(99, 3), 'Error 99/3'],
    [of(6, 2, `0b${text('maintenance')}`), 'Cease/Administrative Shutdown: "maintenance"'],
    [
      of(6, 9, `0602 0b${text('maintenance')}`),
      'Cease/Hard Reset (Cease/Administrative Shutdown): "maintenance"',
    ],
    [of(6, 9), 'Cease/Hard Reset'],
  ])('%o', (message, expected) => {
    expect(describeNotification(message)).toBe(expected);
  });

  it('has one name for every pair of code and subcode', () => {
    const pairs = Object.values(NOTIFICATIONS).map(({ code, subcode }) => `${code}/${subcode}`);
    expect(new Set(pairs).size).toBe(pairs.length);
  });
});

describe('shutdown communication, RFC 9003', () => {
  it.each([
    ['nothing', '', undefined],
    ['length 0', '00', undefined],
    ['a text', `03${text('abc')}`, 'abc'],
    ['UTF-8', `06${text('gréat')}`, 'gréat'],
    ['a length beyond the data', `ff${text('abc')}`, 'abc'],
    ['data beyond the length', `02${text('abc')}`, 'ab'],
    ['bad UTF-8', '0461ff62fe', 'a\ufffdb\ufffd'],
    ['control and direction characters', `09${text('a\n\u0007b\u202ec')}`, 'a  b c'],
    ['spaces alone', '022020', undefined],
  ])('%s', (_name, data, expected) => {
    expect(shutdownText(of(6, 2, data))).toBe(expected);
    expect(shutdownText(of(6, 4, data))).toBe(expected);
  });

  it('is of Administrative Shutdown and Reset only', () => {
    expect(shutdownText(of(6, 3, `03${text('abc')}`))).toBeUndefined();
  });

  it.each(['maintenance', 'gréat', '😀'.repeat(10)])('%s is written and read', (words) => {
    expect(shutdownText(shutdownNotification('administrativeShutdown', words))).toBe(words);
  });

  it('is cut at a character, to 255 octets', () => {
    const message = shutdownNotification('administrativeReset', `a${'é'.repeat(200)}`);
    expect(message).toMatchObject({ code: 6, subcode: 4 });
    expect(message.data.length).toBe(256);
    expect(shutdownText(message)).toBe(`a${'é'.repeat(127)}`);
  });

  it('is left out when there is none', () => {
    expect(shutdownNotification('administrativeShutdown')).toEqual(of(6, 2));
  });
});

describe('hard reset, RFC 8538', () => {
  it('wraps code, subcode and data', () => {
    const inner = shutdownNotification('administrativeShutdown', 'bye');
    const outer = hardReset(inner);
    expect(outer).toEqual(of(6, 9, `060203${text('bye')}`));
    expect(isHardReset(outer)).toBe(true);
    expect(unwrapHardReset(outer)).toEqual(inner);
    expect(isHardReset(inner)).toBe(false);
  });

  it('without a whole one inside is itself', () => {
    expect(unwrapHardReset(of(6, 9, '06'))).toEqual(of(6, 9, '06'));
  });
});

it('names family and limit where there are too many prefixes (RFC 4486 §4)', () => {
  expect(maximumPrefixesNotification('ipv6-unicast', 5000)).toEqual(of(6, 1, '000201 00001388'));
});

it('cuts long data so that the message fits', () => {
  const out = new ByteWriter();
  encodeMessage(out, notification('malformedOpen', new Uint8Array(5000)));
  expect(out.length).toBe(4096);
  expect(decode(out.copy())).toMatchObject({ message: { code: 2, subcode: 0 } });
});
