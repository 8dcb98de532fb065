import { equal } from '../net/equal.ts';
import type { Log } from '../ports/log.ts';
import { Announcer } from './announcer.ts';
import type { BgpFamily, PeerConfig, SpeakerConfig } from './config.ts';
import { exportPeer } from './export-peer.ts';
import type { Negotiated } from './fsm/state.ts';
import type { Outlet } from './rib/outlet.ts';
import type { Inbound, Rib } from './rib/rib.ts';
import type { PrefixCounts } from './status.ts';
import type { Task, Turns } from './turns.ts';
import { isKnownFamily } from './wire/family.ts';
import type { RouteRefreshMessage, UpdateMessage } from './wire/message.ts';
import { findCapability } from './wire/negotiate.ts';

/** What a session needs of the routing information base. */
export type SessionRib = Pick<
  Rib,
  | 'open'
  | 'close'
  | 'announce'
  | 'withdraw'
  | 'setPolicy'
  | 'retain'
  | 'resume'
  | 'markStale'
  | 'dropStale'
  | 'longLived'
  | 'attach'
  | 'setExport'
  | 'detach'
>;

/** The part of the speaker's configuration that its sessions look at. */
export type Announced = Pick<SpeakerConfig, 'routerID' | 'clusterID' | 'nextHops' | 'gracefulShutdown'>;

export interface ExchangeOptions {
  readonly rib: SessionRib;
  readonly log: Log;
  readonly turns: Turns;
  /** The RIB has something to flush. */
  readonly onRoutes: () => void;
  /** Writes so many UPDATEs; false: no more before `resume`. */
  readonly write: (bytes: Uint8Array, messages: number) => boolean;
  /** Runs work that was put off; an exception in it belongs to the session. */
  readonly guard: (fn: () => void) => void;
  /** This node is restarting and does not know all routes yet, RFC 4724 §4.1; until `recovered`. */
  readonly restarting: boolean;
  /** What was kept of the session before. */
  readonly kept?: Inbound | undefined;
}

/** The routes that go both ways over one established session; `close` when it is over. */
export class Exchange {
  readonly negotiated: Negotiated;
  readonly #options: ExchangeOptions;
  /** What the peer has told. */
  readonly inbound: Inbound;
  readonly #outlet: Outlet;
  readonly #announcer: Announcer;
  readonly #writing: Task;
  readonly #endOfRib = new Set<BgpFamily>();
  /** Families that the peer is telling once more, between BoRR and EoRR. */
  readonly #refreshing = new Set<BgpFamily>();
  #peer: PeerConfig;
  #speaker: Announced;
  #restarting: boolean;
  #open = true;
  #blocked = false;

  constructor(peer: PeerConfig, speaker: Announced, negotiated: Negotiated, options: ExchangeOptions) {
    const { name, address, localAS, remoteAS, reflectorClient, link } = peer;
    this.negotiated = negotiated;
    this.#options = options;
    this.#peer = peer;
    this.#speaker = speaker;
    const kind = localAS === remoteAS ? 'internal' : 'external';
    const { routerID } = negotiated.remote;
    if (options.kept === undefined) {
      const source = { name, kind, routerID, address, reflectorClient, link } as const;
      this.inbound = options.rib.open(source, peer.import, peer);
    } else {
      this.inbound = options.kept;
      options.rib.resume(options.kept, peer.import, peer);
      options.onRoutes();
    }
    this.#writing = options.turns.task(() => this.#write(), options.guard);
    this.#outlet = options.rib.attach(exportPeer(peer, negotiated), speaker, {
      families: negotiated.context.families,
      addPath: negotiated.context.addPathSend,
      wake: () => this.#writing.wake(),
    });
    this.#announcer = new Announcer(this.#outlet, negotiated.context);
    this.#restarting = options.restarting;
    this.#holdEndOfRib();
  }

  /** Applies other policies and originations to the tables at hand. */
  set(peer: PeerConfig, speaker: Announced): void {
    const { rib, onRoutes } = this.#options;
    if (!equal(imported(this.#peer), imported(peer))) {
      rib.setPolicy(this.inbound, peer.import, peer);
      onRoutes();
    }
    const before = exportPeer(this.#peer, this.negotiated);
    const after = exportPeer(peer, this.negotiated);
    if (!equal([before, exported(this.#speaker)], [after, exported(speaker)])) {
      rib.setExport(this.#outlet, after, speaker);
    }
    this.#peer = peer;
    this.#speaker = speaker;
    this.#holdEndOfRib();
    this.#writing.wake();
  }

  /** Our own restart is over: all routes are known. */
  recovered(): void {
    this.#restarting = false;
    this.#holdEndOfRib();
    this.#writing.wake();
  }

  /** The session is over: what the peer told is withdrawn, but for the families whose routes are kept as stale. */
  close({ retain = [] }: { readonly retain?: readonly BgpFamily[] } = {}): void {
    const { rib, onRoutes } = this.#options;
    this.#open = false;
    if (retain.length === 0) rib.close(this.inbound);
    else rib.retain(this.inbound, retain);
    rib.detach(this.#outlet);
    onRoutes();
  }

  update({ withdrawn, announced }: UpdateMessage): void {
    const { rib, onRoutes } = this.#options;
    for (const routes of withdrawn) rib.withdraw(this.inbound, routes);
    for (const routes of announced) rib.announce(this.inbound, routes);
    onRoutes();
  }

  endOfRib(family: BgpFamily): void {
    this.#endOfRib.add(family);
  }

  /** End-of-RIB has come for every family of the session. */
  get complete(): boolean {
    return this.negotiated.context.families.every((family) => this.#endOfRib.has(family));
  }

  /** RFC 2918 §4; the markers by RFC 7313 §4. */
  refresh({ operation, family }: RouteRefreshMessage): void {
    const { context } = this.negotiated;
    if (!isKnownFamily(family) || !context.families.includes(family)) return;
    const { rib, onRoutes } = this.#options;
    if (operation === 'request') {
      this.#announcer.refresh(family);
      this.#writing.wake();
    } else if (!context.enhancedRefresh) {
      // Markers mean nothing where they were not negotiated.
    } else if (operation === 'begin') {
      if (!this.#hasToldOnce(family)) return;
      this.#refreshing.add(family);
      rib.markStale(this.inbound, family);
    } else if (this.#refreshing.delete(family)) {
      rib.dropStale(this.inbound, family);
      onRoutes();
    }
  }

  /**
   * RFC 4724 §4.1: the peer keeps what we told it before our restart until End-of-RIB, so that must not come before the routes
   * that we pass on are here again. What this node originates is known from the beginning, and most peers are told nothing else.
   */
  #holdEndOfRib(): void {
    this.#announcer.endOfRibHeld = this.#restarting && this.#outlet.transit;
  }

  /** RFC 7313 §4: of a peer with graceful restart no marker counts before End-of-RIB. */
  #hasToldOnce(family: BgpFamily): boolean {
    const restart = findCapability(this.negotiated.remote, 'graceful-restart');
    return restart === undefined || this.#endOfRib.has(family);
  }

  /** The peer has been told everything that it should know, as far as TCP is concerned. */
  get drained(): boolean {
    return this.#announcer.drained && !this.#blocked;
  }

  /** The peer takes what we send again. */
  resume(): void {
    this.#blocked = false;
    this.#writing.wake();
  }

  counts(family: BgpFamily): PrefixCounts {
    return {
      received: this.inbound.received(family),
      accepted: this.inbound.accepted(family),
      advertised: this.#outlet.advertised(family),
      stale: this.inbound.stale(family),
    };
  }

  /** Writes the next piece; tells whether there are more. */
  #write(): boolean {
    if (!this.#open || this.#blocked || this.#announcer.drained) return false;
    const { bytes, messages, unsent } = this.#announcer.next();
    if (unsent > 0) {
      const fields = { peer: this.#peer.name, prefixes: unsent };
      this.#options.log.warn('prefixes not announced: their attributes fill a whole message', fields);
    }
    if (messages > 0 && !this.#options.write(bytes, messages)) this.#blocked = true;
    return !this.#blocked && !this.#announcer.drained;
  }
}

/** What of a peer changes what becomes of its routes. */
export const imported = ({ import: policy, allowedOwnAS, reflectorClient, link }: PeerConfig): unknown => ({
  policy,
  allowedOwnAS,
  reflectorClient,
  link,
});

/** What of the speaker changes what is announced. */
const exported = ({ routerID, clusterID, nextHops, gracefulShutdown }: Announced): unknown => ({
  routerID,
  clusterID,
  nextHops,
  gracefulShutdown: gracefulShutdown === true,
});
