/**
 * A process that is nothing but the pod network of a node: to be started in the namespace that plays the node. Takes its
 * options as JSON in the first argument and commands as JSON lines on stdin; says `ready`, and what each command comes to as a line of
 * JSON, on stdout.
 */
import fs from 'node:fs';
import readline from 'node:readline';
import { systemClock } from '../../src/agent/clock.ts';
import { PodNetwork, type PodNetworkConfig } from '../../src/cni/pod-network.ts';
import { Ipam } from '../../src/ipam/ipam.ts';
import { Conntrack } from '../../src/netlink/conntrack.ts';
import { Rtnetlink } from '../../src/netlink/rtnetlink.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Log } from '../../src/ports/log.ts';

export interface CniAgentOptions {
  readonly socketPath: string;
  readonly journal: string;
  readonly bootID: string;
  readonly coolDown: number;
  readonly config: PodNetworkConfig;
  /** How many times faster than usual timers run. */
  readonly haste: number;
}

export type CniAgentCommand =
  | { readonly config: PodNetworkConfig }
  | { readonly drain: string }
  | { readonly measure: true };

/** What the process has, after everything was thrown away that nobody refers to. */
export interface CniAgentSize {
  /** Bytes. */
  readonly heap: number;
  /** Bytes in memory beside the heap, which takes room from the system as V8 sees fit. */
  readonly besideHeap: number;
  /** Open file descriptors. */
  readonly descriptors: number;
}

function measure(): CniAgentSize {
  globalThis.gc?.();
  const { heapUsed, heapTotal, rss } = process.memoryUsage();
  return { heap: heapUsed, besideHeap: rss - heapTotal, descriptors: fs.readdirSync('/proc/self/fd').length };
}

const toStderr =
  (level: string) =>
  (msg: string, fields?: unknown): void =>
    void process.stderr.write(`${JSON.stringify({ level, msg, fields })}\n`);

const log: Log = {
  debug: () => {},
  info: toStderr('info'),
  warn: toStderr('warn'),
  error: toStderr('error'),
  component: () => log,
};

const options = JSON.parse(process.argv[2] ?? '{}') as CniAgentOptions;
const ipam = Ipam.open({
  path: options.journal,
  bootID: options.bootID,
  clock: systemClock,
  log,
  coolDown: options.coolDown,
});
const clock: Clock = {
  ...systemClock,
  setTimer: (ms, fn) => systemClock.setTimer(ms / options.haste, fn),
};
const network = new PodNetwork({
  netlink: Rtnetlink.open(),
  openFlowTable: () => Conntrack.open(),
  ipam,
  clock,
  log,
  routeProtocol: 71,
  socketPath: options.socketPath,
  attachments: { replace: () => {}, put: () => {} },
});
const stopping = new AbortController();
network.setConfig(options.config);
await network.start(stopping.signal);
process.stdout.write('ready\n');

for await (const line of readline.createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as CniAgentCommand;
  if ('config' in command) network.setConfig(command.config);
  if ('drain' in command) network.drain(command.drain);
  process.stdout.write(`${JSON.stringify('measure' in command ? measure() : {})}\n`);
}
await network.stop();
await ipam.close();
process.exit(0);
