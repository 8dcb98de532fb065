import type { LearnedFeed } from '../bgp/status.ts';
import type { SysctlIntent } from '../dataplane/sysctl-intent.ts';
import type { Attachment } from '../ipam/attachment.ts';
import type { FirewallIntent } from '../iptables/model.ts';
import type { BGPConfigurationRecord } from '../kube/records/bgp-configuration.ts';
import type { BGPFilterRecord } from '../kube/records/bgp-filter.ts';
import type { BGPPeerRecord } from '../kube/records/bgp-peer.ts';
import type { IPPoolRecord } from '../kube/records/ip-pool.ts';
import type { NodeRecord } from '../kube/records/node.ts';
import type { PasswordFile } from '../kube/records/password-source.ts';
import type { SecretRecord } from '../kube/records/secret.ts';
import type { Address, Family } from '../net/address.ts';
import { type Prefix, prefixFamily } from '../net/prefix.ts';
import type { LinkAddressRecord, LinkRecord, RouteRecord } from '../netlink/wire/records.ts';
import type { Problem } from '../ports/problem.ts';
import { bgpIntentOf } from './bgp/bgp-intent.ts';
import { computeGateways, type Gateway, gatewayRoute } from './bgp/gateways.ts';
import { type BgpResult, noBgp } from './bgp/speaker-config.ts';
import { type Cluster, clusterOf } from './cluster.ts';
import { firewallIntent } from './firewall.ts';
import { LearnedRoutes } from './learned-routes.ts';
import { memo, stable } from './memo.ts';
import { NextHopResolver } from './next-hops.ts';
import { isContainerLink } from './node-addresses.ts';
import { nodeRoutesOf, withNodeRoutes } from './node-routes.ts';
import { computePodNetwork, hasRouterAtGateway, type PodNetworkIntent } from './pod-network.ts';
import { computePools, type Pool } from './pools.ts';
import { RemoteRoutes } from './remote-routes.ts';
import { computeRoutes, type RouteResult } from './routes.ts';
import { selectorCache } from './selects.ts';
import { computeSelf, type Self } from './self.ts';
import { computeSysctls } from './sysctls.ts';
import { computeUplinks, downLinks } from './uplinks.ts';
import { usablePools } from './usable-pools.ts';

/** The facts, as the pure functions read them; a map that did not change is the same object as before, a feed always. */
export interface IntentFacts {
  readonly nodes: ReadonlyMap<string, NodeRecord>;
  readonly pools: ReadonlyMap<string, IPPoolRecord>;
  readonly bgpConfigurations: ReadonlyMap<string, BGPConfigurationRecord>;
  readonly bgpPeers: ReadonlyMap<string, BGPPeerRecord>;
  readonly bgpFilters: ReadonlyMap<string, BGPFilterRecord>;
  readonly secrets: ReadonlyMap<string, SecretRecord>;
  readonly passwordFiles: ReadonlyMap<string, PasswordFile>;
  readonly links: ReadonlyMap<number, LinkRecord>;
  readonly addresses: ReadonlyMap<string, LinkAddressRecord>;
  readonly foreignRoutes: ReadonlyMap<string, RouteRecord>;
  readonly learned: LearnedFeed;
  readonly attachments: ReadonlyMap<string, Attachment>;
}

/** What the process was told at its start. */
export interface IntentSettings {
  readonly nodeName: string;
  readonly bgp: boolean;
  readonly bgpPort: number;
  readonly clusterCIDRs: readonly Prefix[];
  readonly masquerade: boolean;
  readonly mtu: number;
}

/** What this node should look like. */
export interface Intent {
  readonly self: Self;
  readonly cluster: Cluster;
  readonly pools: readonly Pool[];
  readonly routes: RouteResult;
  /** Besides `routes`; absent with BGP off. */
  readonly learned: LearnedRoutes | undefined;
  readonly bgp: BgpResult;
  readonly firewall: FirewallIntent;
  readonly sysctls: SysctlIntent;
  readonly podNetwork: PodNetworkIntent;
  readonly problems: readonly Problem[];
}

/** The host side of every pod link is called this and eleven hexadecimal digits. */
export const POD_LINK_PREFIX = 'gryp';
export const isPodLink = (name: string): boolean => name.startsWith(POD_LINK_PREFIX);

/** A function from facts to intent that computes anew only what depends on the facts that changed since its last call. */
export function intentOf(settings: IntentSettings): (facts: IntentFacts) => Intent {
  const localAddresses = memo(
    (addresses: IntentFacts['addresses']) => new Set([...addresses.values()].map((a) => a.address)),
  );
  const cluster = memo(clusterOf());
  // As it was while nothing of this node changes, however many others do: most of what follows depends on it alone.
  const self = stable((all: Cluster, local: ReadonlySet<Address>, unfit: ReadonlyMap<Address, string>) =>
    computeSelf(settings.nodeName, all.nodes, local, unfit),
  );
  const containerAddresses = stable(onContainerLinks);
  const usable = memo(usablePools);
  const pools = stable((records: IntentFacts['pools'], nodes: IntentFacts['nodes']) =>
    computePools(records, settings.clusterCIDRs, nodes),
  );
  // As texts, so that the link of a new pod, of which there are many, makes nothing else new.
  const down = memo((links: IntentFacts['links']) => downLinks(links, isPodLink));
  const uplinks = memo(
    (
      me: Self,
      links: IntentFacts['links'],
      addresses: IntentFacts['addresses'],
      foreign: IntentFacts['foreignRoutes'],
    ) => computeUplinks(me, links, addresses.values(), foreign.values()).join('/'),
  );
  const selects = selectorCache();
  const gateways = stable((me: Self, peers: IntentFacts['bgpPeers']) =>
    settings.bgp ? computeGateways(me, peers, selects) : [],
  );
  const resolver = memo(
    (
      foreign: IntentFacts['foreignRoutes'],
      over: readonly Gateway[],
      isDown: string,
      local: ReadonlySet<Address>,
    ) => {
      const indexes = isDown.split(' ').filter((text) => text !== '');
      return new NextHopResolver(routesOf(foreign, over), new Set(indexes.map(Number)), local);
    },
  );
  const remote = memo((me: Self, next: NextHopResolver) => new RemoteRoutes(me, next));
  const routes = memo(
    (
      me: Self,
      attachments: IntentFacts['attachments'],
      links: IntentFacts['links'],
      remoteRoutes: RemoteRoutes,
      over: readonly Gateway[],
    ) =>
      computeRoutes({
        self: me,
        attachments: attachments.values(),
        links,
        remote: remoteRoutes,
        gateways: over,
      }),
  );
  const behind = nodeRoutesOf(settings.nodeName);
  const together = memo(withNodeRoutes);
  const learned = memo((feed: IntentFacts['learned']) => new LearnedRoutes(feed));
  const bgp = bgpIntentOf(settings.bgpPort, selects);
  const firewall = memo((ranges: readonly Pool[], ofNodes: readonly Address[]) =>
    computeFirewall(settings, ranges, ofNodes),
  );
  const sysctls = memo((ranges: readonly Pool[], names: string) =>
    computeSysctls(
      familiesOf(ranges),
      names.split('/').filter((name) => name !== ''),
    ),
  );
  const routerAtGateway = memo((foreign: IntentFacts['foreignRoutes']) =>
    hasRouterAtGateway(foreign.values()),
  );
  const podNetwork = memo(
    (me: Self, links: IntentFacts['links'], addresses: IntentFacts['addresses'], router: boolean) =>
      computePodNetwork(me, links, addresses.values(), router, settings.mtu),
  );

  return (facts) => {
    const local = localAddresses(facts.addresses);
    const all = cluster(facts.nodes);
    const me = self(all, local, containerAddresses(facts.addresses, facts.links));
    const objects = usable(facts.pools);
    const ranges = pools(objects.pools, facts.nodes);
    const over = gateways(me, facts.bgpPeers);
    const next = resolver(facts.foreignRoutes, over, down(facts.links), local);
    const remoteRoutes = remote(me, next);
    const own = routes(me, facts.attachments, facts.links, remoteRoutes, over);
    const followed = settings.bgp ? learned(facts.learned) : undefined;
    followed?.set(remoteRoutes, own.routes);
    const speaker = settings.bgp ? bgp(me, all, { ...facts, pools: objects.pools }, next) : noBgp;
    return {
      self: me,
      cluster: all,
      pools: ranges,
      // With BGP the speaker's routes count and the Node objects do not; without it, the other way round.
      routes: settings.bgp ? own : together(own, behind(all.nodes, remoteRoutes)),
      learned: followed,
      bgp: speaker,
      firewall: firewall(ranges, all.addresses),
      sysctls: sysctls(ranges, uplinks(me, facts.links, facts.addresses, facts.foreignRoutes)),
      podNetwork: podNetwork(me, facts.links, facts.addresses, routerAtGateway(facts.foreignRoutes)),
      problems: [...me.problems, ...all.problems, ...objects.problems, ...speaker.problems],
    };
  };
}

const familiesOf = (pools: readonly Pool[]): ReadonlySet<Family> =>
  new Set(pools.map((p) => prefixFamily(p.cidr)));

function computeFirewall(
  settings: IntentSettings,
  pools: readonly Pool[],
  nodeAddresses: readonly Address[],
): FirewallIntent {
  return firewallIntent({
    pools: settings.masquerade ? pools : pools.map(({ cidr }) => ({ cidr, natOutgoing: false })),
    families: [4, 6],
    nodeAddresses,
    podInterfaces: `${POD_LINK_PREFIX}+`,
  });
}

/** Addresses of links for containers, with the link's name. */
function onContainerLinks(
  addresses: IntentFacts['addresses'],
  links: IntentFacts['links'],
): ReadonlyMap<Address, string> {
  const found = new Map<Address, string>();
  for (const { address, link } of addresses.values()) {
    const name = links.get(link)?.name ?? '';
    if (isContainerLink(name)) found.set(address, name);
  }
  return found;
}

/** The kernel's routes that are not ours, and those to peers behind gateways: next hops are resolved through both. */
function* routesOf(
  foreign: IntentFacts['foreignRoutes'],
  gateways: readonly Gateway[],
): Generator<RouteRecord> {
  yield* foreign.values();
  yield* gateways.map(gatewayRoute);
}
