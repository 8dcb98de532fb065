import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MasqueradeFacts, masqueradeIntent } from '../../src/calc/masquerade.ts';
import { planSet } from '../../src/iptables/ipset/render.ts';
import type { FirewallIntent, TableName } from '../../src/iptables/model.ts';
import { planTable } from '../../src/iptables/plan.ts';
import { renderTable } from '../../src/iptables/render.ts';
import { address, type Family } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';

const pool = (cidr: string, natOutgoing = true) => ({ cidr: prefix(cidr), natOutgoing });
const facts = (change: Partial<MasqueradeFacts> = {}): MasqueradeFacts => ({
  pools: [pool('10.233.64.0/18'), pool('fd00:233::/48')],
  families: [4, 6],
  nodeAddresses: ['192.168.34.10', '192.168.34.11', '2001:db8::10', '2001:db8::11'].map(address),
  podInterfaces: 'gryp+',
  ...change,
});

/** All that a node without anything would be told, without the marks. */
function text(intent: FirewallIntent): string {
  const sets = intent.sets
    .flatMap((s) => planSet(s, undefined))
    .map((l) => l.replace(' maxelem 1048576', ''));
  const rules = ([4, 6] as Family[]).flatMap((family) =>
    (Object.keys(intent.rules[family]) as TableName[]).flatMap((table) => [
      `# ${family === 4 ? 'iptables' : 'ip6tables'} ${table}`,
      ...planTable(renderTable(intent.rules[family][table] ?? { chains: [], jumps: [] }), new Map()).lines,
    ]),
  );
  return [...sets, ...rules].join('\n').replaceAll(/-m comment --comment "gry:\S+ [^"]*" /g, '');
}

const filter4 = `\
# iptables filter
:GRY-FORWARD - [0:0]
:GRY-INPUT - [0:0]
-A GRY-FORWARD -m conntrack --ctstate INVALID -j RETURN
-A GRY-FORWARD -i gryp+ -j ACCEPT
-A GRY-FORWARD -o gryp+ -j ACCEPT
-A GRY-INPUT ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-I FORWARD 1 -j GRY-FORWARD
-I INPUT 1 -j GRY-INPUT`;

const filter6 = `\
# ip6tables filter
:GRY-FORWARD - [0:0]
-A GRY-FORWARD -m conntrack --ctstate INVALID -j RETURN
-A GRY-FORWARD -i gryp+ -j ACCEPT
-A GRY-FORWARD -o gryp+ -j ACCEPT
-I FORWARD 1 -j GRY-FORWARD`;

const sets4 = `\
create gry4-nat-sources hash:net family inet
add gry4-nat-sources 10.233.64.0/18
create gry4-nat-exempt hash:net family inet
add gry4-nat-exempt 10.233.64.0/18
add gry4-nat-exempt 192.168.34.10
add gry4-nat-exempt 192.168.34.11
add gry4-nat-exempt 224.0.0.0/4
add gry4-nat-exempt 255.255.255.255`;

const sets6 = `\
create gry6-nat-sources hash:net family inet6
add gry6-nat-sources fd00:233::/48
create gry6-nat-exempt hash:net family inet6
add gry6-nat-exempt 2001:db8::10
add gry6-nat-exempt 2001:db8::11
add gry6-nat-exempt fd00:233::/48
add gry6-nat-exempt ff00::/8`;

const nat = (family: Family): string => `\
# ${family === 4 ? 'iptables' : 'ip6tables'} nat
:GRY-POSTROUTING - [0:0]
-A GRY-POSTROUTING -m set --match-set gry${family}-nat-sources src -m set ! --match-set gry${family}-nat-exempt dst \
-j MASQUERADE --random-fully
-A POSTROUTING -j GRY-POSTROUTING`;

describe('masqueradeIntent', () => {
  test.each<[string, Partial<MasqueradeFacts>, string[]]>([
    ['both families', {}, [sets4, sets6, filter4, nat(4), filter6, nat(6)]],
    ['IPv4 alone', { families: [4] }, [sets4, filter4, nat(4)]],
    ['a family without a pool', { pools: [pool('fd00:233::/48')] }, [sets6, filter6, nat(6)]],
    [
      'IPv6 pods are routed, not translated',
      { pools: [pool('10.233.64.0/18'), pool('fd00:233::/48', false)] },
      [sets4, filter4, nat(4), filter6],
    ],
    ['no pool at all', { pools: [] }, []],
    ['a pool of a family that is off', { pools: [pool('fd00:233::/48')], families: [4] }, []],
  ])('%s', (_, change, expected) => {
    expect(text(masqueradeIntent(facts(change)))).toBe(expected.join('\n'));
  });

  test('a pool without natOutgoing is exempt as destination and no source', () => {
    const intent = masqueradeIntent(
      facts({ families: [4], pools: [pool('10.1.0.0/16'), pool('10.2.0.0/16', false)], nodeAddresses: [] }),
    );
    expect(intent.sets.map((s) => [s.name, s.members])).toEqual([
      ['gry4-nat-sources', ['10.1.0.0/16']],
      ['gry4-nat-exempt', ['10.1.0.0/16', '10.2.0.0/16', '224.0.0.0/4', '255.255.255.255/32']],
    ]);
  });

  test('the jump into POSTROUTING asks to stand after that of kube-proxy', () => {
    const [jump] = masqueradeIntent(facts()).rules[4].nat?.jumps ?? [];
    expect(jump).toMatchObject({ position: 'append', after: ['KUBE-POSTROUTING'] });
  });

  test('the order and repetition of facts do not matter', () => {
    const base = facts({ pools: [pool('10.1.0.0/16'), pool('10.2.0.0/16', false), pool('fd00::/64')] });
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...base.pools], { minLength: base.pools.length }),
        fc.shuffledSubarray([...base.nodeAddresses], { minLength: base.nodeAddresses.length }),
        (pools, nodes) => {
          const shuffled = { ...base, pools: [...pools, ...pools], nodeAddresses: [...nodes, ...nodes] };
          expect(masqueradeIntent(shuffled)).toEqual(masqueradeIntent(base));
        },
      ),
    );
  });
});
