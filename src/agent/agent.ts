import { ApiServer } from '../api/server.ts';
import { Speaker, type StopMode } from '../bgp/speaker.ts';
import type { Transport } from '../bgp/transport.ts';
import { type Intent, type IntentFacts, intentOf } from '../calc/intent.ts';
import { isLeaving, leaveFile } from '../cleanup/leave.ts';
import { ConflistDriver, type DesiredConflist } from '../cni/conflist-driver.ts';
import type { RouteIntent } from '../dataplane/route-intent.ts';
import { RouteDriver } from '../dataplane/routes.ts';
import { SysctlDriver } from '../dataplane/sysctls.ts';
import { FirewallDriver } from '../iptables/firewall-driver.ts';
import type { NodeReporter } from '../kube/cluster/node-report.ts';
import type { ReflectorStatus } from '../kube/cluster/reflector-status.ts';
import { PasswordFiles } from '../kube/password-files.ts';
import { passwordFiles } from '../kube/records/secret-references.ts';
import { emptySnapshot, type Snapshot } from '../kube/records/snapshot.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import { describeError } from '../ports/error.ts';
import type { Log } from '../ports/log.ts';
import type { Problem } from '../ports/problem.ts';
import type { Runner } from '../ports/runner.ts';
import { Drivers } from './drivers.ts';
import { FactStore } from './facts.ts';
import { Kernel, type NetlinkPort } from './kernel.ts';
import { lastRun, noteRun } from './last-run.ts';
import { untilLeaving, watchLeave } from './leave.ts';
import { Loop } from './loop.ts';
import { Metrics } from './metrics.ts';
import { nodeReport } from './node-report.ts';
import { Persistent } from './persistent.ts';
import { type Pods, startPods } from './pods.ts';
import { rehearse, takesTables } from './rehearsal.ts';
import type { Settings } from './settings.ts';
import { AgentStatus } from './status.ts';
import { stopMode } from './stop-mode.ts';

/** Where Kubernetes objects come from: a directory of manifests, later the API server. */
export interface ObjectSource {
  /** Resolves after the first complete reading; rejects with the reason when the signal is aborted before. */
  start(signal: AbortSignal): Promise<void>;
  /** Wall clock, milliseconds, of the last reading that succeeded, whether or not anything had changed. */
  readonly lastRead: number | undefined;
  /** How each of its parts is doing, where it has parts. */
  resources?(): readonly ReflectorStatus[];
  /** Resolves, after the signal was aborted, when it has said its last word to others. */
  settled?(): Promise<void>;
}

export interface AgentOptions {
  readonly settings: Settings;
  readonly nodeName: string;
  readonly version: string;
  readonly bootID: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly netlink: NetlinkPort;
  readonly transport: Transport;
  readonly runner: Runner;
  /** Runs a function in the next turn of the event loop. */
  readonly defer: (fn: () => void) => void;
  /** For people: `manifests`. */
  readonly sourceName: string;
  readonly openSource: (onChange: (snapshot: Snapshot) => void) => ObjectSource;
  /** Is told what is true of this node, every other second. */
  readonly reporter?: NodeReporter;
  /** Gives the kernel back what was freed; called now and then. */
  readonly releaseMemory?: () => void;
  /** Problems of the settings: they stay until the next start. */
  readonly problems: readonly Problem[];
}

/** Milliseconds between two reports. */
const REPORT_INTERVAL = 2_000;

/**
 * One node's agent: facts in, intent computed, drivers told. Everything that comes back is a fact again; no part calls
 * another one upwards.
 */
export class Agent {
  readonly #options: AgentOptions;
  readonly #facts: FactStore;
  readonly #compute: (facts: IntentFacts) => Intent;
  readonly #loop: Loop;
  readonly #kernel: Kernel;
  readonly #source: ObjectSource;
  readonly #passwordFiles: PasswordFiles;
  readonly #routes: RouteDriver;
  readonly #conflist: ConflistDriver;
  readonly #drivers: Drivers;
  readonly #speaker: Speaker;
  readonly #pods: Persistent<Pods>;
  readonly #metrics: Metrics;
  readonly #api: ApiServer;
  readonly #status: AgentStatus;
  #snapshot: Snapshot = emptySnapshot;
  #intent: Intent | undefined;
  #resync: Timer | undefined;
  #reports: Timer | undefined;
  /** What the last report said. */
  #saidReady = false;
  #hasRehearsed = false;
  /** The file because of which this agent does nothing. */
  #away: string | undefined;

  /** Opens the kernel's sockets and nothing else. @throws SystemError */
  constructor(options: AgentOptions) {
    const { settings, clock, log, runner, version } = options;
    this.#options = options;
    this.#metrics = new Metrics({ version });
    this.#loop = new Loop({ clock, log: log.component('loop'), pass: (signal) => this.#timedPass(signal) });
    this.#speaker = this.#makeSpeaker();
    this.#facts = new FactStore(() => this.#loop.kick(), this.#speaker.changes);
    this.#compute = intentOf({
      nodeName: options.nodeName,
      bgp: settings.bgp,
      bgpPort: settings.bgpPort,
      clusterCIDRs: settings.clusterCIDR,
      masquerade: settings.masquerade,
      mtu: settings.mtu,
    });
    this.#kernel = new Kernel({
      port: options.netlink,
      facts: this.#facts,
      protocol: settings.routeProtocol,
      clock,
      log: log.component('kernel'),
      onEvent: (event) => {
        if (this.#routes.observe(event)) this.#loop.kick();
      },
      onOverrun: () => this.#readBack(),
    });
    this.#source = options.openSource((snapshot) => this.#takeSnapshot(snapshot));
    this.#passwordFiles = new PasswordFiles({
      clock,
      log: log.component('bgp'),
      onChange: (files) => this.#facts.passwordFiles.replace(files),
    });
    this.#routes = new RouteDriver({ kernel: this.#kernel.netlink, clock, protocol: settings.routeProtocol });
    this.#conflist = new ConflistDriver({
      directory: settings.cniConfDir,
      binDirectory: settings.cniBinDir,
      clock,
      log: log.component('cni'),
    });
    this.#drivers = new Drivers(
      {
        sysctls: new SysctlDriver({ clock, root: settings.sysctlDir }),
        routes: this.#routes,
        firewall: new FirewallDriver({ runner, clock, log: log.component('firewall') }),
        conflist: this.#conflist,
      },
      clock,
      log.component('drivers'),
      (driver, seconds) => this.#metrics.observe.driverApply(driver, seconds),
    );
    this.#pods = this.#makePods();
    this.#status = this.#makeStatus();
    this.#metrics.show(this.#status);
    this.#api = new ApiServer({
      view: this.#status,
      metrics: this.#metrics,
      clock,
      log: log.component('api'),
      address: settings.apiAddress,
      ...(settings.metricsAddress === undefined ? {} : { metricsAddress: settings.metricsAddress }),
    });
  }

  /**
   * Lives until `signal` is aborted; then leaves the data path as it is. While `gryphon cleanup` wants this node for itself it does
   * nothing but tell so, and returns when it may work again: a new one has to take its place.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { log, clock, settings } = this.#options;
    await this.#api.start();
    const leave = watchLeave(settings.cniSocket, clock, signal);
    if (!isLeaving(settings.cniSocket)) await this.#work(signal, leave);
    await this.#kernel.stop();
    if (!signal.aborted) {
      this.#away = leaveFile(settings.cniSocket);
      log.warn('this node is cleaned up, staying away', { file: this.#away });
      await untilLeaving(false, settings.cniSocket, clock, signal);
    }
    await this.#api.close();
    log.info('stopped');
  }

  async #work(signal: AbortSignal, leave: AbortSignal): Promise<void> {
    const { log, settings, bootID } = this.#options;
    const end = AbortSignal.any([signal, leave]);
    noteRun(settings.stateDir, bootID, log.component('bgp'));
    await this.#kernel.start();
    this.#scheduleResync();
    this.#scheduleReport();
    // Both may take as long as they like: a directory that is missing, a socket path that is not writable.
    const started = Promise.all([this.#source.start(end), this.#pods.start(end)]);
    await Promise.race([aborted(end), started.then(() => aborted(end))]);
    log.info('stopping');
    await this.#stop(stopMode(this.#options.nodeName, this.#snapshot, leave.aborted));
  }

  /** Nothing is taken out of the kernel: pods, and peers unless the node itself goes, go on until the next start. */
  async #stop(mode: StopMode): Promise<void> {
    this.#resync?.cancel();
    this.#reports?.cancel();
    this.#passwordFiles.stop();
    this.#pods.value?.network.drain('the agent is stopping');
    await Promise.all([this.#loop.stop(), this.#speaker.stop(mode), this.#source.settled?.()]);
    // The socket last: until then pods are torn down at once, and `gryphon cleanup` sees by it that nothing is written any more.
    const pods = await this.#pods.settled();
    await pods?.stop();
  }

  async #timedPass(signal: AbortSignal): Promise<{ readonly retryAfter?: number }> {
    const { clock } = this.#options;
    const start = clock.monotonic();
    let result: 'ok' | 'failed' = 'failed';
    try {
      const retryAfter = await this.#pass(signal);
      result = 'ok';
      return retryAfter === undefined ? {} : { retryAfter };
    } finally {
      this.#metrics.observe.loopRun((clock.monotonic() - start) / 1000, result);
      // Pods wait for the first one.
      if (!this.#saidReady) this.#report();
    }
  }

  #report(): void {
    const { reporter, nodeName, version } = this.#options;
    if (reporter === undefined || !this.#snapshot.synced) return;
    const node = this.#snapshot.nodes.get(nodeName);
    const report = nodeReport(this.#status, { version, intent: this.#intent, node });
    this.#saidReady = report.ready;
    reporter.set(report);
  }

  #scheduleReport(): void {
    if (this.#options.reporter === undefined) return;
    this.#reports = this.#options.clock.setTimer(REPORT_INTERVAL, () => {
      this.#report();
      this.#scheduleReport();
    });
  }

  async #pass(signal: AbortSignal): Promise<number | undefined> {
    this.#kernel.drain();
    const intent = this.#compute(this.#facts.records());
    this.#intent = intent;
    if (!this.#synced) return undefined;
    this.#pods.value?.network.setConfig(intent.podNetwork);
    // Without a configuration (a Node object deleted by mistake) the last one stands while the agent runs: see `stopMode` for its end.
    if (intent.bgp.config !== undefined) {
      this.#speaker.set(intent.bgp.config);
      if (takesTables(intent.bgp.config)) this.#rehearse(signal);
    }
    const wasApplied = this.#drivers.applied;
    const retryAfter = await this.#drivers.apply(
      intent,
      { keep: this.#keep(), conflist: this.#desiredConflist(intent) },
      signal,
    );
    // The conflist waits for a first complete pass.
    return wasApplied || signal.aborted ? retryAfter : 0;
  }

  /** Nothing is written before every source was read once. */
  get #synced(): boolean {
    // A peer without its password would count as one that has nothing to tell; later files are waited for by nobody.
    const isAuthenticated = this.#passwordFiles.read || this.#drivers.applied;
    return this.#snapshot.synced && this.#kernel.synced && isAuthenticated;
  }

  /** Routes of an earlier run stay as long as what they came from may still be told. */
  #keep(): RouteIntent['keep'] {
    // A file that was never readable may hold the very Node that a route belongs to.
    const unread = !this.#snapshot.complete;
    // RFC 4724 §4.1: until the peers have told all they know, or the selection deferral timer has run out.
    const unheard = this.#options.settings.bgp && !this.#speaker.converged;
    // Without the IPAM journal nobody knows which pods there are.
    return { block: unread, pod: this.#pods.value === undefined, remote: unread || unheard };
  }

  #desiredConflist(intent: Intent): DesiredConflist {
    const pods = this.#pods.value;
    if (pods === undefined || !this.#drivers.applied || intent.podNetwork.notReady !== undefined)
      return undefined;
    const { cniSocket, mtu, allowIPForwarding } = this.#options.settings;
    return { socketPath: cniSocket, mtu, allowIpForwarding: allowIPForwarding };
  }

  #takeSnapshot(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#passwordFiles.set(passwordFiles(snapshot));
    this.#facts.takeObjects(snapshot);
    this.#loop.kick();
  }

  #makeSpeaker(): Speaker {
    const { transport, clock, log, defer, settings, bootID } = this.#options;
    const restart = lastRun(settings.stateDir, bootID);
    return new Speaker({
      transport,
      ...(restart !== undefined && { restart }),
      clock,
      log: log.component('bgp'),
      defer,
      selectionDeferral: settings.selectionDeferral * 1000,
      onRoutes: () => this.#loop.kick(),
      onPeers: () => this.#loop.kick(),
    });
  }

  #makePods(): Persistent<Pods> {
    const { settings, clock, log, bootID } = this.#options;
    const options = {
      stateDir: settings.stateDir,
      bootID,
      netlink: this.#kernel.podNetlink,
      clock,
      log: log.component('cni'),
      routeProtocol: settings.routeProtocol,
      sysctlDir: settings.sysctlDir,
      socketPath: settings.cniSocket,
      attachments: this.#facts.attachments,
      onAnswer: (command: string, code: number | undefined, seconds: number): void =>
        this.#metrics.observe.cniRequest(command, code ?? 'ok', seconds),
    };
    return new Persistent({
      name: 'pod network',
      clock,
      log: log.component('cni'),
      start: (signal) => startPods(options, signal),
      onChange: () => this.#loop.kick(),
    });
  }

  #makeStatus(): AgentStatus {
    const { settings, clock, version, nodeName, problems } = this.#options;
    return new AgentStatus({
      version,
      nodeName,
      clock,
      bgp: settings.bgp,
      startProblems: problems,
      loop: this.#loop,
      kernel: this.#kernel,
      drivers: this.#drivers,
      routes: this.#routes,
      conflist: this.#conflist,
      speaker: this.#speaker,
      pods: this.#pods,
      sourceName: this.#options.sourceName,
      source: () => this.#source,
      ...(this.#options.reporter === undefined ? {} : { reporter: this.#options.reporter }),
      snapshot: () => this.#snapshot,
      intent: () => this.#intent,
      links: () => this.#facts.links.records,
      api: () => this.#api,
      away: () => this.#away,
    });
  }

  /** What nobody told us about is found by reading back. */
  /** Once, whatever becomes of the peers. */
  #rehearse(signal: AbortSignal): void {
    if (this.#hasRehearsed) return;
    this.#hasRehearsed = true;
    const { clock, log, releaseMemory } = this.#options;
    void rehearse(clock, signal).then(releaseMemory, (error: unknown) => {
      if (!signal.aborted) log.error('the rehearsal failed', { error: describeError(error) });
    });
  }

  #scheduleResync(): void {
    this.#resync = this.#options.clock.setTimer(this.#options.settings.resyncInterval * 1000, () => {
      this.#options.releaseMemory?.();
      this.#kernel.refresh();
      this.#readBack();
      this.#scheduleResync();
    });
  }

  /** At the next pass no driver believes what it knew. */
  #readBack(): void {
    this.#drivers.invalidate();
    this.#loop.kick();
  }
}

/** Resolves when the signal is aborted. */
async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
