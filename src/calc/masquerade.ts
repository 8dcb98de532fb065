/**
 * What netfilter has to do so that pods reach the world: masquerade what leaves the cluster, let forwarded pod traffic pass, and
 * keep strangers out of the loopback network. Derived from current facts alone.
 */
import type { SetIntent } from '../iptables/ipset/model.ts';
import type { Chain, FirewallIntent, Jump, Rule, RulesIntent } from '../iptables/model.ts';
import { type Address, type Family, familyOf } from '../net/address.ts';
import { aggregatePrefixes, hostPrefix, type Prefix, prefix, prefixFamily } from '../net/prefix.ts';

/** A range of pod addresses of the whole cluster. Ranges do not overlap. */
export interface MasqueradePool {
  readonly cidr: Prefix;
  /** Traffic from it to the outside leaves with the node's address. */
  readonly natOutgoing: boolean;
}

export interface MasqueradeFacts {
  readonly pools: readonly MasqueradePool[];
  /** Families that the cluster uses; a family without a pool gets nothing. */
  readonly families: readonly Family[];
  /** Every address of every node: traffic from pods to them keeps its source. */
  readonly nodeAddresses: readonly Address[];
  /** Pattern of the pod links' host side, as `-i` takes it: `gryp+`. */
  readonly podInterfaces: string;
}

/**
 * Destinations inside no pool that are yet not the outside: multicast and limited broadcast stay on the link, where a changed
 * source would only confuse the receivers.
 */
const neverTranslated: Readonly<Record<Family, readonly Prefix[]>> = {
  4: [prefix('224.0.0.0/4'), prefix('255.255.255.255/32')],
  6: [prefix('ff00::/8')],
};

/** Names of the sets of a family; documented, because people look at them with `ipset list`. */
export const masqueradeSets = (family: Family) =>
  ({
    sources: `gry${family}-nat-sources`,
    exempt: `gry${family}-nat-exempt`,
  }) as const;

/** Sets and rules of both families. The order of the facts does not matter: equal facts give equal intents. */
export function masqueradeIntent(facts: MasqueradeFacts): FirewallIntent {
  const families = facts.families.filter((f) => facts.pools.some((p) => prefixFamily(p.cidr) === f));
  return {
    sets: families.flatMap((family) => setsOf(family, facts)),
    rules: {
      4: families.includes(4) ? rulesOf(4, facts) : {},
      6: families.includes(6) ? rulesOf(6, facts) : {},
    },
  };
}

const masquerades = (family: Family, facts: MasqueradeFacts): boolean =>
  facts.pools.some((p) => p.natOutgoing && prefixFamily(p.cidr) === family);

function setsOf(family: Family, facts: MasqueradeFacts): readonly SetIntent[] {
  if (!masquerades(family, facts)) return [];
  const names = masqueradeSets(family);
  const pools = facts.pools.filter((p) => prefixFamily(p.cidr) === family);
  const nodes = facts.nodeAddresses.filter((a) => familyOf(a) === family);
  return [
    {
      name: names.sources,
      type: 'hash:net',
      family,
      members: aggregatePrefixes(pools.filter((p) => p.natOutgoing).map((p) => p.cidr)),
      reason: 'pools whose pods leave the cluster with the address of their node',
    },
    {
      name: names.exempt,
      type: 'hash:net',
      family,
      members: aggregatePrefixes([
        ...pools.map((p) => p.cidr),
        ...nodes.map(hostPrefix),
        ...neverTranslated[family],
      ]),
      reason: 'destinations that see the address of the pod: all pools, all nodes, multicast, broadcast',
    },
  ];
}

function rulesOf(family: Family, facts: MasqueradeFacts): RulesIntent {
  const forward = forwardChain(facts.podInterfaces);
  const jumps: Jump[] = [jumpToForward];
  const chains: Chain[] = [forward];
  // IPv6 needs no guard: the kernel itself drops packets for ::1 that arrive on any link but lo, whatever the sysctls say.
  if (family === 4) {
    chains.push(inputChain);
    jumps.push(jumpToInput);
  }
  const filter = { chains, jumps };
  if (!masquerades(family, facts)) return { filter };
  return { filter, nat: { chains: [postroutingChain(family)], jumps: [jumpToPostrouting] } };
}

function postroutingChain(family: Family): Chain {
  const names = masqueradeSets(family);
  const rule: Rule = {
    matches: [
      { kind: 'set', set: names.sources, side: 'src' },
      { kind: 'set', set: names.exempt, side: 'dst', negate: true },
    ],
    target: { kind: 'masquerade' },
    reason: 'pods leave the cluster with the address of their node',
  };
  return { name: 'GRY-POSTROUTING', rules: [rule] };
}

const jumpToPostrouting: Jump = {
  from: 'POSTROUTING',
  to: 'GRY-POSTROUTING',
  position: 'append',
  // kube-proxy masquerades marked packets there and takes its mark off, which must have happened before a packet leaves the
  // hook with us: a packet that is encapsulated later would otherwise be masqueraded a second time, in its outer header.
  after: ['KUBE-POSTROUTING'],
  reason: 'masquerade of pod traffic after that of kube-proxy',
};

/**
 * Docker sets the policy of FORWARD to DROP, and so does firewalld with its iptables backend; kube-proxy drops what conntrack calls
 * INVALID, and only when it has to, so that decision is left to it. firewalld's nftables backend has a table of its own,
 * which no rule of iptables can overrule: there the pod links must be put into its trusted zone.
 */
function forwardChain(podInterfaces: string): Chain {
  return {
    name: 'GRY-FORWARD',
    rules: [
      {
        matches: [{ kind: 'conntrack', states: ['INVALID'] }],
        target: { kind: 'return' },
        reason: 'packets of no known connection are left to kube-proxy',
      },
      {
        matches: [{ kind: 'in-interface', name: podInterfaces }],
        target: { kind: 'accept' },
        reason: 'from pods, also where the policy of FORWARD is DROP',
      },
      {
        matches: [{ kind: 'out-interface', name: podInterfaces }],
        target: { kind: 'accept' },
        reason: 'to pods, also where the policy of FORWARD is DROP',
      },
    ],
  };
}

const jumpToForward: Jump = {
  from: 'FORWARD',
  to: 'GRY-FORWARD',
  position: 'insert',
  reason: 'pod traffic passes before others drop it',
};

/**
 * A host port on 127.0.0.1 needs the sysctl route_localnet, which also lets neighbours on the link send to 127.0.0.0/8. What the
 * host port translated is let through, and so are its answers; the kubelet has the same rule where it still makes any.
 */
const inputChain: Chain = {
  name: 'GRY-INPUT',
  rules: [
    {
      matches: [
        { kind: 'source', prefix: prefix('127.0.0.0/8'), negate: true },
        { kind: 'destination', prefix: prefix('127.0.0.0/8') },
        { kind: 'conntrack', states: ['RELATED', 'ESTABLISHED', 'DNAT'], negate: true },
      ],
      target: { kind: 'drop' },
      reason: 'no way into the loopback network from outside, unless by a host port',
    },
  ],
};

const jumpToInput: Jump = {
  from: 'INPUT',
  to: 'GRY-INPUT',
  position: 'insert',
  reason: 'loopback protection before others accept',
};
