import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { Alarm } from './alarm.ts';
import type { BgpFamily, PeerConfig } from './config.ts';
import type { Exchange, SessionRib } from './exchange.ts';
import type { DownReason } from './fsm/events.ts';
import {
  helpRestart,
  keptUntil,
  NOTHING_STALE,
  type RestartInput,
  type RestartOutput,
  type RestartState,
  restartDeadline,
} from './fsm/restart.ts';
import type { AgreedRestart } from './fsm/restart-agreement.ts';
import type { Negotiated } from './fsm/state.ts';
import type { Inbound } from './rib/rib.ts';
import type { PrefixCounts } from './status.ts';

export interface RetentionOptions {
  /** Of the peer, for the log. */
  readonly name: string;
  readonly rib: SessionRib;
  readonly clock: Clock;
  readonly log: Log;
  readonly defer: (fn: () => void) => void;
  readonly guard: (fn: () => void) => void;
  /** The RIB has something to flush. */
  readonly onRoutes: () => void;
}

/** Routes of a session that is over, for people. */
export interface KeptRoutes {
  /** What that session had agreed on. */
  readonly agreed: AgreedRestart | undefined;
  /** Wall clock, milliseconds: when the last of them goes at the latest. */
  readonly until: number;
  readonly longLived: boolean;
  counts(family: BgpFamily): PrefixCounts;
}

/** Runs the helping side of graceful restart for one peer: keeps its routes between two sessions, and lets them go in time. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #alarm: Alarm;
  #state: RestartState = NOTHING_STALE;
  /** What the peer has told; kept beyond its session as long as anything of it is stale. */
  #inbound: Inbound | undefined;
  /** What the session that is over had agreed on. */
  #agreed: AgreedRestart | undefined;
  #ended = false;

  constructor(options: RetentionOptions) {
    const { clock, defer, guard } = options;
    this.#options = options;
    this.#alarm = new Alarm({ clock, defer, ring: () => guard(() => this.#feed({ kind: 'tick' })) });
  }

  /** An established session is over: its exchange is closed, and what the agreement asks for is kept. */
  lost(exchange: Exchange, down: DownReason): void {
    const { name, log } = this.#options;
    if (this.#ended) {
      exchange.close();
      return this.#clear();
    }
    this.#inbound = exchange.inbound;
    this.#agreed = exchange.negotiated.restart;
    this.#feed({ kind: 'lost', agreed: this.#agreed, down }, exchange);
    const families = this.#state.stale.map((s) => s.family);
    if (families.length > 0) log.info('routes are kept while the peer restarts', { peer: name, families });
  }

  /** The peer is back; gives what is left for the new session to go on with. */
  established({ remote, context }: Negotiated): Inbound | undefined {
    // Another identifier is another router: it has not preserved what this one forwards.
    if (this.#inbound !== undefined && this.#inbound.source.routerID !== remote.routerID) this.forget();
    const kept = this.#inbound;
    this.#feed({ kind: 'established', remote, families: context.families });
    return kept;
  }

  endOfRib(family: BgpFamily): void {
    this.#feed({ kind: 'end-of-rib', family });
  }

  /** Seconds that routes may be kept as long-lived stale ones, RFC 9494; those that are kept already, too. */
  grant(seconds: number): void {
    this.#feed({ kind: 'granted', seconds });
  }

  /** Another import policy: what is kept of a peer that is away is judged by it at once. */
  setPolicy(peer: PeerConfig): void {
    if (this.#inbound === undefined || this.#state.connected) return;
    this.#options.rib.setPolicy(this.#inbound, peer.import, peer);
    this.#options.onRoutes();
  }

  /** Nothing is kept any longer: the peer is removed or has become another one. */
  forget(): void {
    if (this.#inbound !== undefined && !this.#state.connected) this.#close(this.#inbound);
    this.#clear();
  }

  /** As `forget`, and for ever: the session is being ended for good. */
  end(): void {
    this.#ended = true;
    if (!this.#state.connected) this.forget();
  }

  /** Undefined: nothing is kept. */
  status(): KeptRoutes | undefined {
    const { clock } = this.#options;
    const until = keptUntil(this.#state);
    if (until === undefined) return undefined;
    return {
      agreed: this.#agreed,
      until: Math.round(clock.now() + until - clock.monotonic()),
      longLived: this.#state.stale.some((s) => s.longLived),
      counts: (family) => ({
        received: this.#inbound?.received(family) ?? 0,
        accepted: this.#inbound?.accepted(family) ?? 0,
        advertised: 0,
        stale: this.#inbound?.stale(family) ?? 0,
      }),
    };
  }

  #feed(input: RestartInput, exchange?: Exchange): void {
    const { state, outputs } = helpRestart(this.#state, input, this.#options.clock.monotonic());
    this.#state = state;
    for (const output of outputs) this.#carryOut(output, exchange);
    if (state.stale.length === 0 && this.#inbound !== undefined) {
      // Nothing stale is left: an established session has the table for itself, without one it is over.
      if (!state.connected) this.#close(this.#inbound);
      this.#inbound = undefined;
    }
    this.#alarm.set(restartDeadline(state));
  }

  #carryOut(output: RestartOutput, exchange: Exchange | undefined): void {
    const { rib, log, name, onRoutes } = this.#options;
    if (output.kind === 'retain') return exchange?.close({ retain: output.families });
    if (this.#inbound === undefined) return;
    if (output.kind === 'long-lived') {
      log.info('routes are long-lived stale from now on', { peer: name, family: output.family });
      rib.longLived(this.#inbound, output.family);
    } else {
      rib.dropStale(this.#inbound, output.family);
    }
    onRoutes();
  }

  #clear(): void {
    this.#state = { ...NOTHING_STALE, granted: this.#state.granted };
    this.#inbound = undefined;
    this.#alarm.set(undefined);
  }

  #close(inbound: Inbound): void {
    this.#options.rib.close(inbound);
    this.#options.onRoutes();
  }
}
