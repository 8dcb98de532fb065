import { describe, expect, test } from 'vitest';
import { decodeSockaddr, encodeSockaddr } from '../../../src/bgp/tcp/sockaddr.ts';
import { address } from '../../../src/net/address.ts';

const vectors = [
  ['192.0.2.1', 179, '0200 00b3 c0000201 0000000000000000'],
  ['0.0.0.0', 65_535, '0200 ffff 00000000 0000000000000000'],
  ['2001:db8::2', 179, '0a00 00b3 00000000 20010db8000000000000000000000002 00000000'],
  ['::', 0, '0a00 0000 00000000 00000000000000000000000000000000 00000000'],
] as const;

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('a socket address', () => {
  test.each(vectors)('%s port %i, both ways', (text, port, bytes) => {
    const endpoint = { address: address(text), port };
    expect(Buffer.from(encodeSockaddr(endpoint)).toString('hex')).toBe(bytes.replaceAll(' ', ''));
    expect(decodeSockaddr(hex(bytes))).toEqual(endpoint);
  });

  test('of a link-local peer has no zone', () => {
    const bytes = hex('0a00 00b3 00000000 fe800000000000000000000000000001 00000007');
    expect(decodeSockaddr(bytes)).toEqual({ address: 'fe80::1', port: 179 });
  });

  test.each([
    ['nothing', ''],
    ['another family', '0100 2f746d70'],
    ['IPv4 cut short', '0200 00b3 c000'],
    ['IPv6 cut short', '0a00 00b3 00000000 2001'],
  ])('that is %s is nowhere', (_, bytes) => {
    expect(decodeSockaddr(hex(bytes))).toEqual({ address: '', port: 0 });
  });
});
