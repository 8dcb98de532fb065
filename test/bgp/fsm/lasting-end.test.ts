import { describe, expect, test } from 'vitest';
import { peerState } from '../../../src/bgp/fsm/state.ts';
import type { OpenMessage } from '../../../src/bgp/wire/message.ts';
import { reset, shutdownNotification } from '../../../src/bgp/wire/notification.ts';
import { keepalive, peerOpen, restarted, Script } from './script.ts';

describe('the end of a session that will not be back soon', () => {
  const notifying: OpenMessage = {
    ...peerOpen,
    capabilities: [...peerOpen.capabilities, restarted(false)],
  };
  const shutdown = shutdownNotification('administrativeShutdown', 'bye');
  // The text in octets: its length, then "bye".
  const text = '3 98 121 101';
  test.each([
    [
      'with the N bit of both',
      notifying,
      {},
      `6/9 Cease/Hard Reset (Cease/Administrative Shutdown): "bye" [6 2 ${text}]`,
    ],
    ['without that of the peer', peerOpen, {}, `6/2 Cease/Administrative Shutdown: "bye" [${text}]`],
    [
      'without ours',
      notifying,
      { notificationRestart: false },
      `6/2 Cease/Administrative Shutdown: "bye" [${text}]`,
    ],
  ] as const)('is a Hard Reset %s', (_, open, overrides, sent) => {
    const script = Script.in('opensent', overrides);
    script.message(1, open);
    script.message(1, keepalive);
    expect(script.input({ kind: 'stop', reason: 'x', notification: shutdown })[0]).toBe(`send 1 ${sent}`);
  });

  test.each([
    ['maximumPrefixes', '6/9'],
    ['administrativeShutdown', '6/9'],
    ['peerDeconfigured', '6/9'],
    ['administrativeReset', '6/4'],
    ['otherConfigurationChange', '6/6'],
    ['outOfResources', '6/8'],
    ['malformedAttributeList', '3/1'],
  ] as const)('%s is sent as %s (RFC 8538 §5.1)', (name, code) => {
    const script = Script.in('opensent');
    script.message(1, notifying);
    script.message(1, keepalive);
    expect(script.input({ kind: 'reset', id: 1, reset: reset(name, 'x') })[0]).toMatch(`send 1 ${code} `);
  });

  test('is Idle for as long as was ordered with it', () => {
    const script = Script.in('established');
    script.input({ kind: 'reset', id: 1, reset: reset('maximumPrefixes', 'x'), retryAfter: 60_000 });
    expect(script.tick(59.9)).toEqual([]);
    expect(peerState(script.state)).toBe('idle');
    expect(script.connect(2, 'incoming')).toEqual(['abort 2']);
    expect(script.tick(0.1)).toEqual(['dial']);
  });

  test('is Idle for as long as was ordered with it, also where another connection waits beside it', () => {
    const script = Script.in('established');
    script.connect(2, 'incoming');
    script.message(2, peerOpen);
    script.input({ kind: 'reset', id: 1, reset: reset('maximumPrefixes', 'x'), retryAfter: 60_000 });
    expect(peerState(script.state)).toBe('idle');
    expect(script.state.connections).toEqual([]);
  });
});
