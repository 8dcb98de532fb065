import { type Attachment, type AttachmentKey, attachmentId } from '../ipam/attachment.ts';
import type { Ipam } from '../ipam/ipam.ts';
import type { CidrUsage } from '../ipam/usage.ts';
import type { Address } from '../net/address.ts';
import { equal } from '../net/equal.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Rtnetlink } from '../netlink/rtnetlink.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';
import { DelQueue } from './del-queue.ts';
import { FlowFlusher, type FlowTable } from './flow-flusher.ts';
import { Heartbeat } from './heartbeat.ts';
import type { GatewayMode } from './link/plan.ts';
import { PodLinks } from './link/pod-links.ts';
import { LostLinks } from './lost-links.ts';
import type { OperationContext } from './operations/context.ts';
import { detach } from './operations/del.ts';
import { Dispatcher, type Outcome } from './operations/dispatcher.ts';
import { OperationQueue } from './operations/operation-queue.ts';
import type { ShimRequest } from './protocol/frame.ts';
import { type CniRequest, parseRequest } from './protocol/request.ts';
import { CniServer } from './server.ts';

/** What changes while the agent runs; the latest one counts. */
export interface PodNetworkConfig {
  /** New addresses come from these only; addresses given out before stay valid until their DEL. */
  readonly podCIDRs: readonly Prefix[];
  /** MTU of pod links unless the conflist names one. */
  readonly mtu: number;
  /** Addresses never given to pods, for example the node's own. */
  readonly reserved?: readonly Address[];
  /** The node's own network has a router 169.254.1.1: pod links answer for that address and do not hold it. */
  readonly routerAtGateway?: boolean;
  /** Why no pod can be attached now; absent: ready. ADD then says "try again later", STATUS says "not available". */
  readonly notReady?: string;
}

/** Where attachments are told, by `attachmentId`: all of them at the start, then each in the turn in which it changes or (undefined) goes. */
export interface AttachmentFacts {
  replace(all: ReadonlyMap<string, Attachment>): void;
  put(id: string, attachment: Attachment | undefined): void;
}

export interface PodNetworkOptions {
  readonly netlink: Rtnetlink;
  /** Opens the table of connections in the namespace of the node. */
  readonly openFlowTable: () => FlowTable;
  readonly ipam: Ipam;
  readonly clock: Clock;
  readonly log: Log;
  readonly attachments: AttachmentFacts;
  /** A call was answered: its command, the error code that the caller got, how long it took in seconds. For metrics. */
  readonly onAnswer?: (command: string, code: number | undefined, seconds: number) => void;
  /** Marks the routes to pods. */
  readonly routeProtocol: number;
  /** Where /proc/sys can be written. Default: there. */
  readonly sysctlDir?: string;
  /** `/run/gryphon/cni.sock`; the DEL queue and the heartbeat stand in the same directory. */
  readonly socketPath: string;
}

/** Operations in flight at once: as many links can go in one grace period of the kernel. */
const MAX_OPERATIONS = 64;
/** Milliseconds between looks into the DEL queue: a shim may have given up on an agent that was merely slow. */
const QUEUE_INTERVAL = 10_000;

/** Everything a container runtime sees of the agent: the composition of socket, operations, pod links and addresses. */
export class PodNetwork {
  readonly #options: PodNetworkOptions;
  readonly #links: PodLinks;
  readonly #operations: OperationQueue;
  readonly #dispatcher: Dispatcher;
  readonly #server: CniServer;
  readonly #delQueue: DelQueue;
  readonly #heartbeat: Heartbeat;
  readonly #lostLinks: LostLinks;
  readonly #flows: FlowFlusher;
  readonly #context: OperationContext;
  #config: PodNetworkConfig = { podCIDRs: [], mtu: 1500, notReady: 'the agent is starting' };
  #drained: string | undefined;
  /** Whether this run was ready at any time: then a refusal is news and no restart. */
  #wasReady = false;
  #timer: Timer | undefined;
  #draining: Promise<void> = Promise.resolve();
  readonly #adopted = Promise.withResolvers<void>();
  #stopping: Promise<void> | undefined;

  constructor(options: PodNetworkOptions) {
    const { netlink, ipam, clock, log, socketPath } = options;
    this.#options = options;
    this.#links = new PodLinks(netlink, options.routeProtocol, options.sysctlDir ?? '/proc/sys');
    this.#operations = new OperationQueue(MAX_OPERATIONS);
    this.#flows = new FlowFlusher({ open: options.openFlowTable, clock, log });
    const refusal = (): string | undefined => this.#drained ?? this.#notReady();
    const changed = (key: AttachmentKey): void => options.attachments.put(attachmentId(key), ipam.get(key));
    const unavailable = (): string | undefined => this.#unavailable();
    const mtu = (): number => this.#config.mtu;
    const gateway = (): GatewayMode => (this.#config.routerAtGateway === true ? 'proxied' : 'held');
    const detached = (): Promise<void> => this.#dispatcher.detached();
    const forgotten = (addresses: readonly Address[]): Promise<void> => this.#flows.forgotten(addresses);
    const freed = (addresses: readonly Address[]): void => this.#flows.add(addresses);
    this.#context = {
      ipam,
      links: this.#links,
      log,
      mtu,
      gateway,
      refusal,
      unavailable,
      detached,
      freed,
      forgotten,
      changed,
    };
    this.#dispatcher = new Dispatcher(this.#context, this.#operations);
    this.#delQueue = new DelQueue(socketPath, clock, log);
    this.#heartbeat = new Heartbeat(socketPath, clock, () => refusal() === undefined && ipam.available);
    this.#lostLinks = new LostLinks({
      attachments: () => ipam.list(),
      hasLink: (attachment) => this.#links.find(attachment) !== undefined,
      release: (attachment) => this.#releaseLost(attachment),
      clock,
      log,
    });
    const handle = (request: ShimRequest, caller: AbortSignal): Promise<Outcome> =>
      this.#handle(request, caller);
    this.#server = new CniServer({ socketPath, clock, log, handle });
  }

  /**
   * Opens the socket, which proves that no other agent serves this node; then adopts what an earlier agent left, undoes what
   * it had begun and carries out queued DELs. Calls that come meanwhile wait. `signal` gives up the start, `stop` ends what was started.
   * @throws CniServerError, and what reading the kernel throws
   */
  async start(signal: AbortSignal): Promise<void> {
    try {
      await this.#server.listen();
      await this.#adopt(signal);
    } catch (error) {
      this.#drained = 'the agent cannot start';
      this.#adopted.resolve();
      await this.stop();
      throw error;
    }
    this.#adopted.resolve();
    void this.#drainQueue();
    this.#heartbeat.start();
    this.#lostLinks.start();
    this.#scheduleDrain();
  }

  async #adopt(signal: AbortSignal): Promise<void> {
    const { ipam, log, attachments } = this.#options;
    const live = await this.#links.live(signal);
    const adopted = ipam.adopt(live.filter(({ stage }) => stage === 'whole'));
    const unfinished = [
      ...ipam.list().filter((a) => a.state !== 'configured'),
      ...live.filter(({ stage }) => stage !== 'whole'),
    ];
    await Promise.all(unfinished.map((key) => this.#undoUnfinished(key)));
    // The agent before this one may have died before it came to these.
    this.#flows.add(ipam.resting());
    if (adopted.length > 0)
      log.warn('pod links that the journal does not know are adopted', { count: adopted.length });
    attachments.replace(new Map(ipam.list().map((a) => [attachmentId(a), a])));
  }

  async #undoUnfinished(key: AttachmentKey): Promise<void> {
    try {
      await detach(key, this.#context);
    } catch (error) {
      this.#options.log.warn('what was cut short by a restart is not undone yet', {
        reason: describeError(error),
      });
    }
  }

  /** The same again is no news: passes tell it each time. */
  setConfig(config: PodNetworkConfig): void {
    if (equal(config, this.#config)) return;
    this.#config = config;
    this.#options.ipam.configure(config.podCIDRs, config.reserved);
    this.#wasReady ||= this.#notReady() === undefined;
    this.#heartbeat.beat();
  }

  attachments(): readonly Attachment[] {
    return this.#options.ipam.list();
  }

  usage(): readonly CidrUsage[] {
    return this.#options.ipam.usage();
  }

  /** The addresses themselves, for people. */
  get ipam(): Pick<Ipam, 'cooling' | 'tunnelAddresses'> {
    return this.#options.ipam;
  }

  problems(): readonly Problem[] {
    return [...this.#options.ipam.problems(), ...this.#lostLinks.problems()];
  }

  /** From now on ADD says "try again later" with this reason; DEL and CHECK are still served. */
  drain(reason: string): void {
    this.#heartbeat.beat();
    this.#heartbeat.stop();
    this.#drained = reason;
  }

  /** Waits for what is in flight, then closes and removes the socket. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.drain('the agent is stopping');
    this.#timer?.cancel();
    await this.#server.close();
    await this.#lostLinks.stop();
    await this.#draining;
    await this.#operations.idle();
    await this.#flows.stop();
    this.#links.close();
  }

  /** A restart of some seconds is forgiven: the agent before this one was ready, this one has not been yet. */
  #unavailable(): string | undefined {
    const reason = this.#notReady();
    return reason !== undefined && !this.#wasReady && this.#heartbeat.recent ? undefined : reason;
  }

  #notReady(): string | undefined {
    if (this.#config.notReady !== undefined) return this.#config.notReady;
    return this.#config.podCIDRs.length === 0 ? 'this node has no podCIDR' : undefined;
  }

  /** A DEL that waits in the queue may concern the very container that is added now, under the same ID (podman). */
  async #handle(request: ShimRequest, caller: AbortSignal): Promise<Outcome> {
    const { clock, onAnswer } = this.#options;
    const start = clock.monotonic();
    const command = request.environment.get('CNI_COMMAND') ?? '';
    await this.#adopted.promise;
    if (command === 'ADD' && !this.#delQueue.empty) await this.#drainQueue();
    const outcome = await this.#dispatcher.handle(request, caller);
    onAnswer?.(command, outcome.code, (clock.monotonic() - start) / 1000);
    return outcome;
  }

  #scheduleDrain(): void {
    this.#timer = this.#options.clock.setTimer(QUEUE_INTERVAL, () => {
      void this.#drainQueue();
      for (const key of this.#detaching()) {
        // Nobody works on it: the kernel refused the last time.
        if (!this.#operations.has(attachmentId(key))) void this.#dispatcher.detach(key);
      }
      this.#scheduleDrain();
    });
  }

  #detaching(): readonly Attachment[] {
    return this.#options.ipam.list().filter((a) => a.state === 'detaching');
  }

  /** One at a time: a second one waits for the first and then finds nothing. */
  #drainQueue(): Promise<void> {
    this.#draining = this.#draining.then(async () => {
      const done = await this.#delQueue.drain((request) => this.#carryOutQueued(request));
      if (done > 0) this.#options.log.info('queued DELs carried out', { count: done });
    });
    return this.#draining;
  }

  /** In its turn, like a DEL: an ADD may have come meanwhile. */
  #releaseLost(attachment: Attachment): Promise<void> {
    return this.#operations.run(attachmentId(attachment), async () => {
      const isLost = this.#options.ipam.get(attachment) === attachment && !this.#links.find(attachment);
      if (isLost) await detach(attachment, this.#context);
    });
  }

  /** Throws only when trying again can help; a request that is not valid never will be. */
  async #carryOutQueued(call: ShimRequest): Promise<void> {
    const request = this.#parseQueued(call);
    if (request?.command !== 'DEL') return;
    await this.#operations.run(attachmentId(request.key), () => detach(request.key, this.#context));
  }

  #parseQueued(call: ShimRequest): CniRequest | undefined {
    try {
      return parseRequest(call.environment, call.stdin);
    } catch (error) {
      this.#options.log.warn('queued DEL is not valid and dropped', { reason: describeError(error) });
      return undefined;
    }
  }
}
