import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FirewallDriver } from '../../src/iptables/firewall-driver.ts';
import { emptyFirewallIntent, type FirewallIntent } from '../../src/iptables/model.ts';
import { address } from '../../src/net/address.ts';
import { silentLog } from '../../src/ports/log.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeIptables } from '../support/fake-iptables.ts';
import { accept, anyFirewall, filterTable, natTable } from './intents.ts';
import { membersOf, rulesOf } from './snapshot.ts';

const signal = new AbortController().signal;
const using = (set: string, filter = 'a+'): FirewallIntent => ({
  sets: [{ name: set, type: 'hash:ip', family: 4, members: [address('10.0.0.1')], reason: 'test' }],
  rules: {
    4: {
      filter: filterTable(accept(filter)),
      nat: natTable({
        matches: [{ kind: 'set', set, side: 'src' }],
        target: { kind: 'masquerade' },
        reason: 'x',
      }),
    },
    6: { filter: filterTable(accept(filter)) },
  },
});

function setup() {
  const node = new FakeIptables();
  const clock = new FakeClock();
  const fresh = () => new FirewallDriver({ runner: node, clock, log: silentLog });
  const state = () => `${node.save('4-nft')}${node.save('6-nft')}${node.ipset.dump()}`;
  return { node, clock, fresh, driver: fresh(), state };
}

const snapshot = (node: FakeIptables) => [
  rulesOf(node.save('4-nft')),
  rulesOf(node.save('6-nft')),
  membersOf(node.ipset.dump()),
];

describe('FirewallDriver', () => {
  test('sets before rules, rules before the end of sets', async () => {
    const { node, driver } = setup();
    driver.set(using('gry4-old'));
    await driver.apply(signal);
    node.calls.length = 0;
    driver.set(using('gry4-new'));
    expect(await driver.apply(signal)).toEqual({ written: 3, failures: [] });
    expect(node.calls.map((c) => c.replace(/ --noflush.*/, ''))).toEqual([
      'ipset list -name',
      'ipset -exist restore',
      'iptables-nft-save',
      'iptables-nft-restore',
      'ipset list -name',
      'ipset destroy gry4-old',
    ]);
  });

  test('without ipset the rules that need no set go in, and everything is reported', async () => {
    const { node, driver } = setup();
    node.missing.add('ipset');
    driver.set(using('gry4-a'));
    const result = await driver.apply(signal);
    expect(result.written).toBe(4);
    expect(result.failures.map((f) => [f.item, f.code])).toEqual([
      ['ipset', 'GRY_IPSET_MISSING'],
      ['iptables table nat', 'GRY_IPTABLES_SET'],
    ]);
    expect(result.retryAfter).toBeGreaterThan(0);
  });

  test('no set is destroyed while rules could not be written', async () => {
    const { node, clock, driver } = setup();
    driver.set(using('gry4-old'));
    await driver.apply(signal);
    node.failNext(/iptables-nft-restore/, { exitCode: 4, stderr: 'xtables lock' });
    driver.set(using('gry4-new'));
    expect((await driver.apply(signal)).failures).toHaveLength(1);
    expect([...node.ipset.sets.keys()]).toEqual(['gry4-old', 'gry4-new']);
    clock.advance(500);
    await driver.apply(signal);
    expect([...node.ipset.sets.keys()]).toEqual(['gry4-new']);
  });

  test('repairs of all parts are counted together', async () => {
    const { node, driver, state } = setup();
    driver.set(using('gry4-a'));
    await driver.apply(signal);
    const right = state();
    node.restore('4-nft', '*filter\n-F GRY-FORWARD\nCOMMIT\n');
    node.restore('6-nft', '*filter\n-F FORWARD\nCOMMIT\n');
    node.ipset.run(['restore'], 'flush gry4-a\n');
    driver.invalidate();
    await driver.apply(signal);
    expect(state()).toBe(right);
    expect(driver.repaired).toBe(3);
  });

  test('a walk: whichever way it came, the node is as if freshly made, and a new agent agrees; nothing stays at the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyFirewall, { minLength: 1, maxLength: 4 }), async (walk) => {
        const { node, driver, fresh, state } = setup();
        for (const intent of walk) {
          driver.set(intent);
          expect((await driver.apply(signal)).failures).toEqual([]);
        }
        const direct = setup();
        direct.driver.set(walk.at(-1) ?? emptyFirewallIntent);
        await direct.driver.apply(signal);
        expect(snapshot(node)).toEqual(snapshot(direct.node));

        node.inputs.length = 0;
        const next = fresh();
        next.set(walk.at(-1) ?? emptyFirewallIntent);
        expect(await next.apply(signal)).toEqual({ written: 0, failures: [] });
        expect(node.inputs).toEqual([]);

        next.set(emptyFirewallIntent);
        await next.apply(signal);
        expect(state()).not.toMatch(/gry/i);
      }),
      { numRuns: 50 },
    );
  });
});
