import type { Chain, FirewallIntent, Jump, RulesIntent, TableIntent } from '../iptables/model.ts';
import type { Family } from '../net/address.ts';
import { type MasqueradeFacts, masqueradeIntent } from './masquerade.ts';

/** Everything of the packet filter: the way to the world for pods, and no sender's address but their own. */
export function firewallIntent(facts: MasqueradeFacts): FirewallIntent {
  const { sets, rules } = masqueradeIntent(facts);
  const guarded = (family: Family): RulesIntent => {
    // A family that no pod has is not forwarded by us, so there is nothing to guard.
    const used = Object.keys(rules[family]).length > 0;
    return used ? { ...rules[family], raw: antiSpoofTable(facts.podInterfaces) } : rules[family];
  };
  return { sets, rules: { 4: guarded(4), 6: guarded(6) } };
}

/**
 * A pod sends from its own addresses: what the route back does not lead to the link that it came from is dropped, before conntrack
 * remembers it. The sysctl rp_filter cannot do it: the kernel takes the larger value of the interface and of all, and 2, which
 * distributions set there, is the loose one; IPv6 has none. The mark counts in the look-up, because policy routing may need it.
 */
function antiSpoofTable(podInterfaces: string): TableIntent {
  return { chains: [antiSpoofChain(podInterfaces)], jumps: [jumpToAntiSpoof] };
}

const antiSpoofChain = (podInterfaces: string): Chain => ({
  name: 'GRY-PREROUTING',
  rules: [
    {
      matches: [
        { kind: 'in-interface', name: podInterfaces },
        { kind: 'reverse-path', negate: true },
      ],
      target: { kind: 'drop' },
      reason: 'pods send from their own addresses only',
    },
  ],
});

const jumpToAntiSpoof: Jump = {
  from: 'PREROUTING',
  to: 'GRY-PREROUTING',
  position: 'insert',
  reason: 'spoofed senders are dropped before anybody remembers them',
};
