import { expect, test } from 'vitest';
import type { Capability } from '../../../src/bgp/wire/capability.ts';
import { capabilityText } from '../../../src/bgp/wire/capability-text.ts';

test.each<[string, Capability]>([
  ['ipv4-unicast', { kind: 'multiprotocol', family: 'ipv4-unicast' }],
  ['1/128', { kind: 'multiprotocol', family: '1/128' }],
  ['route-refresh', { kind: 'route-refresh' }],
  ['enhanced-route-refresh', { kind: 'enhanced-route-refresh' }],
  ['extended-message', { kind: 'extended-message' }],
  ['four-octet-as 4200000000', { kind: 'four-octet-as', as: 4_200_000_000 }],
  ['role provider', { kind: 'role', role: 'provider' }],
  [
    'extended-next-hop ipv4-unicast AFI 2',
    { kind: 'extended-next-hop', families: [{ family: 'ipv4-unicast', nextHopAfi: 2 }] },
  ],
  [
    'add-path ipv4-unicast both ipv6-unicast send',
    {
      kind: 'add-path',
      families: [
        { family: 'ipv4-unicast', mode: 'both' },
        { family: 'ipv6-unicast', mode: 'send' },
      ],
    },
  ],
  [
    'graceful-restart 120 s restarting notification ipv4-unicast forwarding ipv6-unicast',
    {
      kind: 'graceful-restart',
      restarting: true,
      notification: true,
      restartTime: 120,
      families: [
        { family: 'ipv4-unicast', forwarding: true },
        { family: 'ipv6-unicast', forwarding: false },
      ],
    },
  ],
  [
    'graceful-restart 0 s',
    { kind: 'graceful-restart', restarting: false, notification: false, restartTime: 0, families: [] },
  ],
  [
    'long-lived-graceful-restart ipv4-unicast 3600 s forwarding',
    {
      kind: 'long-lived-graceful-restart',
      families: [{ family: 'ipv4-unicast', staleTime: 3600, forwarding: true }],
    },
  ],
  ['fqdn tor-1.example.net', { kind: 'fqdn', host: 'tor-1', domain: 'example.net' }],
  ['fqdn tor-1', { kind: 'fqdn', host: 'tor-1', domain: '' }],
  ['capability-131', { kind: 'unknown', code: 131, value: new Uint8Array(0) }],
  ['capability-131 (3 octets)', { kind: 'unknown', code: 131, value: new Uint8Array(3) }],
])('%s', (text, capability) => {
  expect(capabilityText(capability)).toBe(text);
});
