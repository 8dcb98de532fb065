import type { Prefix } from '../net/prefix.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';
import type { SpeakerConfig } from './config.ts';
import type { LearnedRoute, PeerStatus, RibEntryStatus } from './status.ts';
import type { Transport } from './transport.ts';

/** One prefix whose learned route is new, different or (undefined) gone. */
export interface RouteChange {
  readonly prefix: Prefix;
  readonly route: LearnedRoute | undefined;
}

export interface SpeakerOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  /** Runs `fn` in the next turn of the event loop, after pending input was read: `setImmediate` in the real world. */
  readonly defer: (fn: () => void) => void;
  /** Milliseconds after the first `set` when `converged` becomes true in any case. */
  readonly selectionDeferral: number;
  /** Coalesced: at most once a turn, each prefix at most once. */
  readonly onRoutes: (changes: readonly RouteChange[]) => void;
  /** Some peer's state, `converged` or `problems()` changed; coalesced likewise. */
  readonly onPeers: () => void;
}

/**
 * All BGP of this node: keeps one session per configured peer, tells what was learned, announces what is originated.
 * Declarative: `set` says what should be, the speaker works towards it and changes nothing that already is so.
 */
export class Speaker {
  readonly #options: SpeakerOptions;
  #config: SpeakerConfig | undefined;

  constructor(options: SpeakerOptions) {
    this.#options = options;
  }

  /** The same value twice changes nothing; only sessions whose own parameters changed restart. */
  set(config: SpeakerConfig): void {
    this.#config = config;
    this.#options.onPeers();
  }

  /** In the order of the configuration. */
  peers(): readonly PeerStatus[] {
    return [];
  }

  /** The Loc-RIB with all paths, also those not accepted; in no particular order. */
  *rib(): Iterable<RibEntryStatus> {}

  /** The live picture of what `onRoutes` has told so far. */
  learned(): ReadonlyMap<Prefix, LearnedRoute> {
    return new Map();
  }

  problems(): readonly Problem[] {
    return [];
  }

  /** Connections from addresses that are no configured peer, refused so far. */
  get refused(): number {
    return 0;
  }

  /**
   * Whether the routes of an earlier run may be swept: every enabled peer has sent End-of-RIB for its families, or there
   * is none, or the selection deferral time ran out. Once true, it stays so. False before the first `set`.
   */
  get converged(): boolean {
    return this.#config?.peers.length === 0;
  }

  /** Ends everything. Without `notify` TCP is closed silently, so that peers with graceful restart keep our routes. */
  async stop(_options: { readonly notify?: boolean } = {}): Promise<void> {}
}
