import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BgpFamily } from '../../../src/bgp/config.ts';
import type { DownReason } from '../../../src/bgp/fsm/events.ts';
import {
  helpRestart,
  keepsRoutes,
  keptUntil,
  NOTHING_STALE,
  type RestartInput,
  type RestartOutput,
  type RestartState,
  restartDeadline,
} from '../../../src/bgp/fsm/restart.ts';
import { type AgreedRestart, agreeRestart, longLivedTimes } from '../../../src/bgp/fsm/restart-agreement.ts';
import type { Capability } from '../../../src/bgp/wire/capability.ts';
import type { NotificationMessage, OpenMessage } from '../../../src/bgp/wire/message.ts';
import { hardReset, notification, shutdownNotification } from '../../../src/bgp/wire/notification.ts';
import { peerOpen } from './script.ts';

const V4 = 'ipv4-unicast';
const V6 = 'ipv6-unicast';

/** Both families, 120 s, without RFC 8538 and RFC 9494. */
const plain: AgreedRestart = {
  localTime: 120,
  remoteTime: 120,
  families: [V4, V6],
  notification: false,
  longLived: {},
};
const notifying: AgreedRestart = { ...plain, notification: true };
const longLived: AgreedRestart = { ...plain, longLived: { [V4]: 3600 } };
/** Seconds that we grant where nothing else is said. */
const GRANTED = 7 * 86_400;

const tcpGone: DownReason = { reason: 'connection reset by the peer' };
const told = (direction: 'sent' | 'received', message: NotificationMessage): DownReason => ({
  reason: 'told',
  notification: { direction, message },
});

type GracefulRestart = Extract<Capability, { readonly kind: 'graceful-restart' }>;

/** An OPEN with graceful restart: the F bit of the families given. */
function back(
  forwarding: readonly BgpFamily[],
  others: Partial<GracefulRestart> = {},
  extra: readonly Capability[] = [],
): OpenMessage {
  const restart: GracefulRestart = {
    kind: 'graceful-restart',
    restarting: true,
    notification: false,
    restartTime: 120,
    families: ([V4, V6] as const).map((family) => ({ family, forwarding: forwarding.includes(family) })),
    ...others,
  };
  return { ...peerOpen, capabilities: [...peerOpen.capabilities, restart, ...extra] };
}

class Helper {
  state: RestartState = { ...NOTHING_STALE, granted: GRANTED };
  now = 0;

  input(input: RestartInput): readonly string[] {
    const { state, outputs } = helpRestart(this.state, input, this.now);
    this.state = state;
    return outputs.map(text);
  }

  lost(agreed: AgreedRestart | undefined, down = tcpGone): readonly string[] {
    return this.input({ kind: 'lost', agreed, down });
  }

  established(remote: OpenMessage, families: readonly BgpFamily[] = [V4, V6]): readonly string[] {
    return this.input({ kind: 'established', remote, families });
  }

  endOfRib(family: BgpFamily): readonly string[] {
    return this.input({ kind: 'end-of-rib', family });
  }

  grant(seconds: number): readonly string[] {
    return this.input({ kind: 'granted', seconds });
  }

  tick(seconds: number): readonly string[] {
    this.now += seconds * 1000;
    return this.input({ kind: 'tick' });
  }

  get stale(): readonly BgpFamily[] {
    return this.state.stale.map((s) => s.family);
  }
}

const text = (output: RestartOutput): string =>
  output.kind === 'retain' ? `retain ${output.families.join(' ')}`.trim() : `${output.kind} ${output.family}`;

/** A helper whose peer has just lost its session. */
function keeping(agreed: AgreedRestart, granted = GRANTED): Helper {
  const helper = new Helper();
  helper.grant(granted);
  helper.established(peerOpen);
  helper.lost(agreed);
  return helper;
}

describe('the end of a session leaves routes behind', () => {
  const maximum = notification('maximumPrefixes');
  const shutdown = shutdownNotification('administrativeShutdown', 'bye');
  test.each([
    // What happened, with RFC 4724 alone, with the N bit of RFC 8538.
    ['TCP ended', tcpGone, true, true],
    ['hold timer', told('sent', notification('holdTimerExpired')), false, true],
    ['the peer’s hold timer', told('received', notification('holdTimerExpired')), false, true],
    ['send hold timer', { reason: 'x', cause: 'send-hold-timer' }, false, true],
    ['NOTIFICATION received', told('received', notification('malformedAttributeList')), false, true],
    ['NOTIFICATION sent', told('sent', notification('malformedAttributeList')), false, true],
    ['Cease that is no Hard Reset', told('received', notification('administrativeReset')), false, true],
    ['shutdown of a peer that says no more', told('received', shutdown), false, true],
    ['Hard Reset received', told('received', hardReset(shutdown)), false, false],
    ['Hard Reset sent', told('sent', hardReset(maximum)), false, false],
    ['Hard Reset around nothing', told('received', notification('hardReset')), false, false],
  ] as const)('%s', (_, down, withoutN, withN) => {
    expect([keepsRoutes(plain, down), keepsRoutes(notifying, down)]).toEqual([withoutN, withN]);
  });

  test('but not where graceful restart was not agreed on', () => {
    const helper = keeping(plain);
    expect(helper.lost(undefined)).toEqual(['retain']);
    expect(restartDeadline(helper.state)).toBeUndefined();
  });

  test('of the families that the peer named, and of no others', () => {
    const helper = new Helper();
    expect(helper.lost({ ...plain, families: [V6] })).toEqual([`retain ${V6}`]);
  });
});

describe('the restart time (RFC 4724 §4.2)', () => {
  test('over without a session, everything goes', () => {
    const helper = keeping(plain);
    expect([restartDeadline(helper.state), keptUntil(helper.state)]).toEqual([120_000, 120_000]);
    expect(helper.tick(119.999)).toEqual([]);
    expect(helper.tick(0.001)).toEqual([`drop ${V4}`, `drop ${V6}`]);
    expect(restartDeadline(helper.state)).toBeUndefined();
  });

  test('of 0 seconds keeps nothing', () => {
    const helper = new Helper();
    const outputs = helper.lost({ ...plain, remoteTime: 0 });
    expect(outputs).toEqual([`retain ${V4} ${V6}`, `drop ${V4}`, `drop ${V6}`]);
  });

  test('is that of the peer, not ours', () => {
    expect(restartDeadline(keeping({ ...plain, localTime: 10, remoteTime: 300 }).state)).toBe(300_000);
  });
});

describe('a peer that is back', () => {
  test.each([
    ['with both F bits', back([V4, V6]), [V4, V6], []],
    [
      'with both F bits, R clear: TCP was lost, nothing restarted',
      back([V4, V6], { restarting: false }),
      [V4, V6],
      [],
    ],
    ['without an F bit', back([V4]), [V4, V6], [`drop ${V6}`]],
    [
      'without the family in the capability',
      back([V4, V6], { families: [{ family: V4, forwarding: true }] }),
      [V4, V6],
      [`drop ${V6}`],
    ],
    ['without the capability', peerOpen, [V4, V6], [`drop ${V4}`, `drop ${V6}`]],
    ['without the family in the session', back([V4, V6]), [V4], [`drop ${V6}`]],
    // RFC 4724 §3: the last instance counts.
    [
      'with two capabilities',
      { ...back([]), capabilities: [...back([]).capabilities, ...back([V4]).capabilities] },
      [V4, V6],
      [`drop ${V6}`],
    ],
  ] as const)('%s', (_, remote, families, outputs) => {
    expect(keeping(plain).established(remote, families)).toEqual(outputs);
  });

  test('has the rest of its stale routes dropped with End-of-RIB, family by family', () => {
    const helper = keeping(plain);
    helper.established(back([V4, V6]));
    expect(helper.endOfRib(V6)).toEqual([`drop ${V6}`]);
    expect(helper.endOfRib(V6)).toEqual([]);
    expect(helper.stale).toEqual([V4]);
    expect(helper.endOfRib(V4)).toEqual([`drop ${V4}`]);
    expect(restartDeadline(helper.state)).toBeUndefined();
  });

  test('is waited for 180 s if End-of-RIB does not come, whatever was left of the restart time', () => {
    const helper = keeping(plain);
    helper.now = 100_000;
    helper.established(back([V4, V6]));
    expect(helper.tick(179)).toEqual([]);
    expect(helper.tick(1)).toEqual([`drop ${V4}`, `drop ${V6}`]);
  });

  test('and lost again', () => {
    const helper = keeping(plain);
    helper.now = 10_000;
    helper.established(back([V4, V6]));
    helper.endOfRib(V6);
    // RFC 4724 §4.2: what was stale already is dropped, what the peer told since is kept.
    expect(helper.lost(plain)).toEqual([`drop ${V4}`, `retain ${V4} ${V6}`]);
    expect(restartDeadline(helper.state)).toBe(130_000);
  });

  test('and lost again, with the N bit: nothing is dropped, but nothing is kept for ever either', () => {
    const helper = keeping(notifying);
    for (let i = 0; i < 3; i++) {
      helper.now += 90_000;
      expect(helper.established(back([V4, V6]))).toEqual([]);
      expect(helper.lost(notifying)).toEqual([`retain ${V4} ${V6}`]);
    }
    // RFC 8538 §4.1: the stale timer counts from the first loss.
    expect(restartDeadline(helper.state)).toBe(300_000);
  });
});

describe('long-lived stale routes (RFC 9494 §4.2)', () => {
  const llgr = (...forwarding: readonly BgpFamily[]): Capability => ({
    kind: 'long-lived-graceful-restart',
    families: forwarding.map((family) => ({ family, forwarding: true, staleTime: 3600 })),
  });

  test('follow the restart time, family by family, and go after their own', () => {
    const helper = keeping(longLived);
    expect(keptUntil(helper.state)).toBe(3_720_000);
    expect(helper.tick(120)).toEqual([`long-lived ${V4}`, `drop ${V6}`]);
    expect([restartDeadline(helper.state), keptUntil(helper.state)]).toEqual([3_720_000, 3_720_000]);
    expect(helper.tick(3600)).toEqual([`drop ${V4}`]);
  });

  test('come at once where the restart time is 0', () => {
    const helper = new Helper();
    expect(helper.lost({ ...longLived, families: [V4], remoteTime: 0 })).toEqual([
      `retain ${V4}`,
      `long-lived ${V4}`,
    ]);
  });

  test('come at once for a family without a restart time of its own', () => {
    const helper = new Helper();
    // RFC 9494 §4.2: where RFC 4724 does not list a family, its restart time is 0.
    expect(helper.lost({ ...longLived, families: [V6] })).toEqual([`retain ${V6} ${V4}`, `long-lived ${V4}`]);
    expect(helper.tick(120)).toEqual([`drop ${V6}`]);
    expect(helper.tick(3480)).toEqual([`drop ${V4}`]);
  });

  test.each([
    ['with its F bit stay until End-of-RIB', back([], {}, [llgr(V4)]), []],
    ['without its F bit go', back([V4], {}, [llgr()]), [`drop ${V4}`]],
    ['without the capability go', back([V4]), [`drop ${V4}`]],
    [
      'with the capability, but without that of RFC 4724, go',
      { ...peerOpen, capabilities: [...peerOpen.capabilities, llgr(V4)] },
      [`drop ${V4}`],
    ],
  ])('of a peer that is back %s', (_, remote, outputs) => {
    const helper = keeping(longLived);
    helper.tick(120);
    expect(helper.established(remote)).toEqual(outputs);
    if (outputs.length === 0) expect(helper.endOfRib(V4)).toEqual([`drop ${V4}`]);
  });

  test('have a timer that a peer which comes and goes neither stops nor moves', () => {
    const helper = keeping(longLived);
    helper.tick(120);
    helper.tick(1000);
    helper.established(back([V4], {}, [llgr(V4)]));
    expect(restartDeadline(helper.state)).toBe(3_720_000);
    expect(helper.lost(longLived)).toEqual([`retain ${V4} ${V6}`]);
    expect(helper.tick(120)).toEqual([`long-lived ${V4}`, `drop ${V6}`]);
    expect(restartDeadline(helper.state)).toBe(3_720_000);
  });

  test.each([
    ['before End-of-RIB: nothing outlives that session', false, ['retain']],
    ['after End-of-RIB: as ever', true, [`retain ${V4}`]],
  ])('whose time is over while the peer is back, which then goes again %s', (_, synchronized, outputs) => {
    const agreed = { ...longLived, families: [V4] } as const;
    const helper = keeping(agreed);
    helper.tick(120);
    helper.tick(3500);
    helper.established(back([V4], {}, [llgr(V4)]));
    expect(helper.tick(100)).toEqual([`drop ${V4}`]);
    if (synchronized) helper.endOfRib(V4);
    expect(helper.lost(agreed)).toEqual(outputs);
    helper.established(back([V4], {}, [llgr(V4)]));
    expect(helper.lost(agreed)).toEqual([`retain ${V4}`]);
  });
});

describe('what we grant of the time that a peer wants', () => {
  test.each([
    ['less than it wants', 600, 600],
    ['as much', 3600, 3600],
    ['more', 7200, 3600],
  ])('%s', (_, granted, kept) => {
    const helper = keeping(longLived, granted);
    expect(keptUntil(helper.state)).toBe((120 + kept) * 1000);
    expect(helper.tick(120)).toEqual([`long-lived ${V4}`, `drop ${V6}`]);
    expect(restartDeadline(helper.state)).toBe((120 + kept) * 1000);
    expect(helper.tick(kept - 1)).toEqual([]);
    expect(helper.tick(1)).toEqual([`drop ${V4}`]);
  });

  test('nothing: RFC 4724 alone counts', () => {
    const helper = keeping(longLived, 0);
    expect(keptUntil(helper.state)).toBe(120_000);
    expect(helper.tick(120)).toEqual([`drop ${V4}`, `drop ${V6}`]);
    expect(helper.lost({ ...longLived, families: [V6] })).toEqual([`retain ${V6}`]);
  });

  test('nothing: neither do routes outlive a second loss by it', () => {
    const helper = keeping(longLived, 0);
    helper.established(back([V4, V6]));
    expect(helper.lost(longLived)).toEqual([`drop ${V4}`, `drop ${V6}`, `retain ${V4} ${V6}`]);
  });

  test('may change while routes are kept: what counts is how long they have been long-lived', () => {
    const helper = keeping(longLived, 600);
    helper.tick(120);
    helper.tick(500);
    expect(helper.grant(7200)).toEqual([]);
    expect(restartDeadline(helper.state)).toBe(3_720_000);
    expect(helper.grant(501)).toEqual([]);
    expect(restartDeadline(helper.state)).toBe(621_000);
    expect(helper.grant(500)).toEqual([`drop ${V4}`]);
  });

  test('may be turned off while routes are kept: long-lived ones go at once, others in their time', () => {
    const helper = keeping({ ...longLived, longLived: { [V4]: 3600, [V6]: 3600 }, families: [V4] });
    expect(helper.stale).toEqual([V4, V6]);
    expect(helper.grant(0)).toEqual([`drop ${V6}`]);
    expect(helper.tick(120)).toEqual([`drop ${V4}`]);
  });

  test('outlives what is kept', () => {
    const helper = keeping(longLived, 600);
    helper.lost(undefined);
    helper.lost(longLived);
    expect(keptUntil(helper.state)).toBe(720_000);
  });

  test.each([
    ['the lesser of both counts, family by family', { [V4]: 60, [V6]: 900 }, 600, { [V4]: 60, [V6]: 600 }],
    ['nothing is granted', { [V4]: 60 }, 0, {}],
    ['nothing is wanted', { [V4]: 0 }, 600, {}],
  ])('%s', (_, wanted, granted, times) => {
    expect(longLivedTimes({ ...plain, longLived: wanted }, granted)).toEqual(times);
  });
});

describe('what two OPENs agree on', () => {
  const llgr: Capability = {
    kind: 'long-lived-graceful-restart',
    families: [{ family: V4, forwarding: false, staleTime: 60 }],
  };
  const ours = back([V4, V6], { restartTime: 90, notification: true }, [{ ...llgr, families: [] }]);
  test.each([
    ['both', ours, back([], { notification: true }), { ...notifying, localTime: 90 }],
    ['the N bit of one', ours, back([]), { ...plain, localTime: 90 }],
    ['nothing of the peer', ours, peerOpen, undefined],
    ['nothing of ours', peerOpen, back([V4]), undefined],
    [
      'a helper only',
      ours,
      back([], { families: [], restartTime: 0 }),
      { ...plain, localTime: 90, remoteTime: 0, families: [] },
    ],
    [
      'a family that is not of the session',
      ours,
      back([], { families: [{ family: '1/128', forwarding: true }] }),
      { ...plain, localTime: 90, families: [] },
    ],
    ['long-lived', ours, back([], {}, [llgr]), { ...plain, localTime: 90, longLived: { [V4]: 60 } }],
    ['long-lived, not ours', back([]), back([], {}, [llgr]), plain],
    [
      'long-lived, of a family that is not of the session',
      ours,
      back([], {}, [{ ...llgr, families: [{ family: '1/128', forwarding: true, staleTime: 60 }] }]),
      { ...plain, localTime: 90 },
    ],
  ])('%s', (_, local, remote, agreed) => {
    expect(agreeRestart(local, remote, [V4, V6])).toEqual(agreed);
  });
});

test('whatever happens, nothing is kept without a deadline, and not longer than the peer asked for and we grant', () => {
  const agreed = fc.constantFrom(plain, notifying, longLived, undefined);
  const input: fc.Arbitrary<RestartInput> = fc.oneof(
    fc.record({
      kind: fc.constant('lost' as const),
      agreed,
      down: fc.constantFrom(tcpGone, told('sent', notification('hardReset'))),
    }),
    fc.record({
      kind: fc.constant('established' as const),
      remote: fc.constantFrom(back([V4, V6]), back([]), peerOpen),
      families: fc.constant([V4, V6] as const),
    }),
    fc.record({ kind: fc.constant('end-of-rib' as const), family: fc.constantFrom(V4, V6) }),
    fc.record({ kind: fc.constant('granted' as const), seconds: fc.constantFrom(0, 100, 3600, GRANTED) }),
    fc.constant<RestartInput>({ kind: 'tick' }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(input, fc.nat(200_000)), { maxLength: 30 }), (events) => {
      const helper = new Helper();
      let last = 0;
      for (const [event, pause] of events) {
        helper.now += pause;
        if (event.kind === 'lost') last = helper.now;
        helper.input(event);
        helper.input({ kind: 'tick' });
        const deadline = restartDeadline(helper.state);
        expect(deadline === undefined).toBe(helper.stale.length === 0);
        if (deadline === undefined) continue;
        expect(deadline).toBeGreaterThan(helper.now);
        const longest = 300 + Math.min(3600, helper.state.granted);
        expect(keptUntil(helper.state)).toBeLessThanOrEqual(Math.max(last, helper.now) + longest * 1000);
        expect(new Set(helper.stale).size).toBe(helper.stale.length);
      }
    }),
  );
});
