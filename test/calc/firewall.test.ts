import { expect, test } from 'vitest';
import { firewallIntent } from '../../src/calc/firewall.ts';
import type { MasqueradeFacts } from '../../src/calc/masquerade.ts';
import { renderTable } from '../../src/iptables/render.ts';
import { prefix } from '../../src/net/prefix.ts';

const facts: MasqueradeFacts = {
  pools: [{ cidr: prefix('10.244.0.0/16'), natOutgoing: true }],
  families: [4, 6],
  nodeAddresses: [],
  podInterfaces: 'gryp+',
};

test('a family with pods is guarded against spoofed senders, before conntrack sees the packet', () => {
  const { 4: v4, 6: v6 } = firewallIntent(facts).rules;
  expect(Object.keys(v4).sort()).toEqual(['filter', 'nat', 'raw']);
  expect(Object.keys(v6)).toEqual([]);
  const [rule] = renderTable(v4.raw!).chains.get('GRY-PREROUTING') ?? [];
  expect(rule?.spec).toMatch(
    /^-i gryp\+ -m rpfilter --validmark --invert -m comment --comment "gry:\S+ pods send .*" -j DROP$/,
  );
  expect(v4.raw?.jumps).toMatchObject([{ from: 'PREROUTING', position: 'insert' }]);
});
