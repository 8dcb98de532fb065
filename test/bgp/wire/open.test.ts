import { describe, expect, it } from 'vitest';
import { hex } from '../../../src/bgp/wire/bytes.ts';
import { capabilityName } from '../../../src/bgp/wire/capabilities.ts';
import type { Capability } from '../../../src/bgp/wire/capability.ts';
import { encodeMessage } from '../../../src/bgp/wire/codec.ts';
import type { OpenMessage } from '../../../src/bgp/wire/message.ts';
import type { Address } from '../../../src/net/address.ts';
import { ByteWriter } from '../../../src/net/byte-writer.ts';
import { decode, decodeHex, fromHex, message } from './support.ts';

const open = (...capabilities: Capability[]): OpenMessage => ({
  kind: 'open',
  as: 65001,
  holdTime: 90,
  routerID: '10.0.0.1' as Address,
  capabilities,
});

const FIXED = '04 fde9 005a 0a000001';

/** One parameter with the capability in it. */
const withCapability = (capability: string): string => {
  const length = capability.replaceAll(' ', '').length / 2;
  const octet = (n: number): string => n.toString(16).padStart(2, '0');
  return message(1, `${FIXED}${octet(length + 2)}02${octet(length)}${capability}`).replaceAll(' ', '');
};

describe('capabilities', () => {
  it.each<[Capability, string]>([
    [{ kind: 'multiprotocol', family: 'ipv6-unicast' }, '01 04 00020001'],
    [{ kind: 'multiprotocol', family: '25/70' }, '01 04 00190046'],
    [{ kind: 'route-refresh' }, '02 00'],
    [
      { kind: 'extended-next-hop', families: [{ family: 'ipv4-unicast', nextHopAfi: 2 }] },
      '05 06 000100010002',
    ],
    [{ kind: 'extended-message' }, '06 00'],
    [{ kind: 'role', role: 'customer' }, '09 01 03'],
    [{ kind: 'role', role: 'unassigned' }, '09 01 ff'],
    [
      {
        kind: 'graceful-restart',
        restarting: true,
        notification: true,
        restartTime: 120,
        families: [{ family: 'ipv4-unicast', forwarding: true }],
      },
      '40 06 c078 00010180',
    ],
    [
      { kind: 'graceful-restart', restarting: false, notification: false, restartTime: 4095, families: [] },
      '40 02 0fff',
    ],
    [{ kind: 'four-octet-as', as: 65001 }, '41 04 0000fde9'],
    [{ kind: 'add-path', families: [{ family: 'ipv4-unicast', mode: 'both' }] }, '45 04 00010103'],
    [{ kind: 'enhanced-route-refresh' }, '46 00'],
    [
      {
        kind: 'long-lived-graceful-restart',
        families: [{ family: 'ipv6-unicast', forwarding: false, staleTime: 0x012345 }],
      },
      '47 07 00020100012345',
    ],
    [{ kind: 'fqdn', host: 'leaf', domain: 'lab' }, '49 09 046c656166036c6162'],
    [{ kind: 'unknown', code: 200, value: Uint8Array.of(1, 2) }, 'c8 02 0102'],
  ])('%o', (capability, bytes) => {
    const text = withCapability(bytes);
    expect(decodeHex(text)).toEqual({ kind: 'message', message: open(capability), problems: [] });
    const out = new ByteWriter();
    encodeMessage(out, open(capability));
    expect(hex(out.view())).toBe(text);
  });

  const decoded = (bytes: string): unknown => {
    const result = decodeHex(withCapability(bytes));
    return result.kind === 'message' && result.message.kind === 'open'
      ? result.message.capabilities[0]
      : result;
  };

  it('add-path entries of an unknown mode are ignored (RFC 7911 §4)', () => {
    expect(decoded('45 08 00010100 00020102')).toEqual({
      kind: 'add-path',
      families: [{ family: 'ipv6-unicast', mode: 'send' }],
    });
  });

  it.each(['49 01 00', '49 03 056c65', '49 02 0005', '49 04 00000000'])(
    'a bad name (%s) costs no session',
    (bytes) => {
      expect(decoded(bytes)).toEqual({ kind: 'unknown', code: 73, value: fromHex(bytes).subarray(2) });
    },
  );

  it('a name cannot write control characters into logs', () => {
    expect(decoded('49 05 036c0a66 00')).toEqual({ kind: 'fqdn', host: 'l f', domain: '' });
  });

  it.each([
    '01 03 000100',
    '02 01 00',
    '05 05 0001000100',
    '06 01 00',
    '09 00',
    '09 02 0000',
    '40 01 00',
    '40 05 0078000101',
    '41 02 fde9',
    '45 03 000101',
    '46 01 00',
    '47 06 000101000000',
  ])('%s is malformed', (bytes) => {
    expect(decodeHex(withCapability(bytes))).toMatchObject({
      kind: 'reset',
      notification: { code: 2, subcode: 0, data: fromHex(bytes) },
    });
  });

  it.each<[Capability, string]>([
    [{ kind: 'multiprotocol', family: 'ipv4-unicast' }, 'ipv4-unicast'],
    [{ kind: 'route-refresh' }, 'route-refresh'],
    [{ kind: 'unknown', code: 131, value: new Uint8Array(0) }, 'capability-131'],
  ])('%o has a name', (capability, name) => {
    expect(capabilityName(capability)).toBe(name);
  });
});

describe('OPEN', () => {
  it('has AS_TRANS in its field for a large AS (RFC 6793 §4.1)', () => {
    const large: OpenMessage = { ...open({ kind: 'four-octet-as', as: 4200000001 }), as: 4200000001 };
    const out = new ByteWriter();
    encodeMessage(out, large);
    expect(hex(out.view().subarray(20, 22))).toBe('5ba0');
    expect(decode(out.copy())).toMatchObject({ message: { as: 4200000001 } });
  });

  it('has no parameters without capabilities', () => {
    const out = new ByteWriter();
    encodeMessage(out, open());
    expect(hex(out.view())).toBe(message(1, `${FIXED}00`).replaceAll(' ', ''));
  });

  it('has extended parameters when they are long (RFC 9072), and only then', () => {
    const unknown = (length: number): Capability => ({
      kind: 'unknown',
      code: 200,
      value: new Uint8Array(length),
    });
    for (const [capabilities, marker] of [
      [[unknown(251)], 'ff02'],
      [[unknown(252)], 'ffff'],
      [[unknown(200), unknown(200)], 'ffff'],
    ] as const) {
      const out = new ByteWriter();
      encodeMessage(out, open(...capabilities));
      expect(hex(out.view().subarray(28, 30))).toBe(marker);
      expect(decode(out.copy())).toMatchObject({ message: open(...capabilities) });
    }
  });

  it('may spread capabilities over parameters', () => {
    const text = message(1, `${FIXED} 08 0202 0200 0202 4600`);
    expect(decodeHex(text)).toMatchObject({
      message: open({ kind: 'route-refresh' }, { kind: 'enhanced-route-refresh' }),
    });
  });
});
