import type { ApiServer } from '../api/server.ts';
import type {
  AgentView,
  HealthCheck,
  IpamView,
  PodView,
  RouteView,
  SourceView,
  StatusView,
} from '../api/view.ts';
import type { Speaker } from '../bgp/speaker.ts';
import type { AdvertisedStatus, PeerStatus, RibEntryStatus } from '../bgp/status.ts';
import type { Intent } from '../calc/intent.ts';
import { addressList } from '../calc/node-addresses.ts';
import type { ConflistDriver } from '../cni/conflist-driver.ts';
import type { RouteDriver } from '../dataplane/routes.ts';
import type { NodeReporter } from '../kube/cluster/node-report.ts';
import type { Snapshot } from '../kube/records/snapshot.ts';
import type { Prefix } from '../net/prefix.ts';
import type { LinkRecord } from '../netlink/wire/records.ts';
import type { Clock } from '../ports/clock.ts';
import type { Problem } from '../ports/problem.ts';
import type { ObjectSource } from './agent.ts';
import type { Drivers } from './drivers.ts';
import { ipamView } from './ipam-view.ts';
import type { Kernel } from './kernel.ts';
import type { Loop } from './loop.ts';
import type { Persistent } from './persistent.ts';
import type { Pods } from './pods.ts';
import { readinessChecks } from './readiness.ts';
import { resourceView } from './resource-view.ts';
import { routeView, routeViews, unresolvedView } from './route-view.ts';

export interface AgentStatusOptions {
  readonly version: string;
  readonly nodeName: string;
  readonly bgp: boolean;
  readonly clock: Clock;
  /** Problems of the start: they last as long as the process. */
  readonly startProblems: readonly Problem[];
  readonly loop: Loop;
  readonly kernel: Kernel;
  readonly drivers: Drivers;
  readonly routes: RouteDriver;
  readonly conflist: ConflistDriver;
  readonly speaker: Speaker;
  readonly pods: Persistent<Pods>;
  readonly sourceName: string;
  readonly source: () => Pick<ObjectSource, 'lastRead' | 'resources'>;
  readonly reporter?: NodeReporter;
  readonly snapshot: () => Snapshot;
  readonly intent: () => Intent | undefined;
  readonly links: () => ReadonlyMap<number, LinkRecord>;
  readonly api: () => ApiServer;
  /** The file because of which the agent does nothing, if so. */
  readonly away: () => string | undefined;
}

/** A pass that takes longer than this is stuck: the kubelet may restart the agent. Milliseconds. */
const STUCK_AFTER = 120_000;
/** How the names of peers begin that are nodes. */
const MESH = 'mesh/';

/** The agent as the API and the metrics see it: read-only, computed when asked. */
export class AgentStatus implements AgentView {
  readonly #options: AgentStatusOptions;
  readonly #startedAt: number;
  readonly #startedMonotonic: number;

  constructor(options: AgentStatusOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#startedMonotonic = options.clock.monotonic();
  }

  status(): StatusView {
    const { version, nodeName, drivers, pods, routes } = this.#options;
    const intent = this.#options.intent();
    const checks = this.ready();
    const { desired, installed } = routes.counts();
    return {
      version,
      node: nodeName,
      startedAt: this.#startedAt,
      ready: checks.every((c) => c.ok),
      checks,
      addresses: intent === undefined ? [] : addressList(intent.self.addresses),
      addressReasons: intent?.self.claims.map(({ address, reason }) => `${address} is ${reason}`) ?? [],
      podCIDRs: intent?.self.podCIDRs ?? [],
      pools: intent?.pools.map((p) => p.cidr) ?? [],
      bgp: this.#bgp(intent),
      routes: { desired, installed },
      pods: pods.value?.network.attachments().length ?? 0,
      ipam:
        pods.value?.network
          .usage()
          .map(({ cidr, used, cooling, free }) => ({ cidr, used, cooling, free: String(free) })) ?? [],
      sources: this.#sources(),
      drivers: drivers.views(),
      problems: this.problems(),
    };
  }

  live(): readonly HealthCheck[] {
    const running = this.#options.loop.runningFor;
    const ok = running < STUCK_AFTER;
    return [
      {
        name: 'loop',
        ok,
        detail: ok ? 'turning' : `one pass has taken ${Math.round(running / 1000)} s so far`,
      },
    ];
  }

  ready(): readonly HealthCheck[] {
    const away = this.#options.away();
    if (away !== undefined) {
      const detail = `gryphon cleanup has removed everything from this node; remove ${away} to come back`;
      return [{ name: 'away', ok: false, detail }];
    }
    const { clock, kernel, drivers, conflist, speaker, bgp, sourceName } = this.#options;
    const synced = this.#options.snapshot().synced;
    const peers = speaker.peers();
    const waitingFor = [...(synced ? [] : [sourceName]), ...(kernel.synced ? [] : ['kernel'])];
    return readinessChecks({
      synced: waitingFor.length === 0,
      waitingFor,
      applied: drivers.applied,
      conflist: conflist.written,
      conflistReason: this.#conflistReason(),
      bgp,
      peers,
      excused: this.#excused(peers),
      age: clock.monotonic() - this.#startedMonotonic,
    });
  }

  peers(): readonly PeerStatus[] {
    return this.#options.speaker.peers();
  }

  rib(): Iterable<RibEntryStatus> {
    return this.#options.speaker.rib();
  }

  advertisedTo(prefix: Prefix): readonly string[] {
    return this.#options.speaker.advertisedTo(prefix);
  }

  advertised(peer: string): Iterable<AdvertisedStatus> | undefined {
    return this.#options.speaker.advertised(peer);
  }

  route(prefix: Prefix): RouteView | undefined {
    const state = this.#options.routes.state(prefix);
    if (state !== undefined) return routeView(state, this.#options.links());
    const unresolved = this.#options.intent()?.learned?.unresolvedRoute(prefix);
    return unresolved && unresolvedView(unresolved);
  }

  routes(): Iterable<RouteView> {
    const intent = this.#options.intent();
    return intent === undefined
      ? []
      : routeViews(
          [intent.routes.unresolved, intent.learned?.unresolved ?? []],
          this.#options.routes.states(),
          this.#options.links(),
        );
  }

  pods(): readonly PodView[] {
    return this.#options.pods.value?.network.attachments() ?? [];
  }

  ipam(): IpamView {
    const network = this.#options.pods.value?.network;
    return ipamView({
      attachments: network?.attachments() ?? [],
      cooling: network?.ipam.cooling() ?? [],
      tunnels: network?.ipam.tunnelAddresses() ?? [],
      usage: network?.usage() ?? [],
      pools: this.#options.intent()?.pools ?? [],
    });
  }

  #bgp(intent: Intent | undefined): StatusView['bgp'] {
    const peers = this.peers();
    const config = intent?.bgp.config;
    return {
      enabled: this.#options.bgp,
      ...(config === undefined ? {} : { asNumber: config.localAS, routerID: config.routerID }),
      established: peers.filter((p) => p.state === 'established').length,
      peers: peers.length,
    };
  }

  #sources(): readonly SourceView[] {
    const { snapshot, sourceName, source, kernel } = this.#options;
    const resources = source().resources?.();
    if (resources !== undefined) return [...resources.map((r) => resourceView(sourceName, r)), kernel.view()];
    const lastGood = source().lastRead;
    const objects: SourceView = {
      name: sourceName,
      synced: snapshot().synced,
      ...(lastGood === undefined ? {} : { lastGood }),
    };
    return [objects, kernel.view()];
  }

  problems(): readonly Problem[] {
    const intent = this.#options.intent();
    const { startProblems, snapshot, speaker, pods, conflist } = this.#options;
    return [
      ...startProblems,
      ...snapshot().problems,
      // Before the first reading every Node seems to be missing.
      ...(snapshot().synced ? (intent?.problems ?? []) : []),
      ...speaker.problems(),
      ...pods.problems,
      ...(pods.value?.network.problems() ?? []),
      ...conflist.problems(),
      ...this.#options.api().problems(),
      ...(this.#options.reporter?.problems() ?? []),
    ];
  }

  #conflistReason(): string {
    const { pods, intent, drivers } = this.#options;
    const reasons = [
      this.#options.snapshot().synced ? undefined : `waiting for ${this.#options.sourceName}`,
      intent()?.podNetwork.notReady,
      pods.problems[0]?.message,
      drivers.views().find((d) => d.name === 'conflist')?.failures[0]?.reason,
    ];
    return reasons.find((reason) => reason !== undefined) ?? 'the CNI configuration is not written yet';
  }

  /** Of these peers those of the mesh whose nodes Kubernetes itself calls NotReady. */
  #excused(peers: readonly PeerStatus[]): ReadonlySet<string> {
    const nodes = this.#options.intent()?.cluster.nodes;
    const names = peers.map((peer) => peer.name).filter((name) => name.startsWith(MESH));
    return new Set(names.filter((name) => nodes?.get(name.slice(MESH.length))?.record.ready === false));
  }
}
