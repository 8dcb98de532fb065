/**
 * One bundled agent with `--source kubernetes --bgp=off` in a cluster of 5,000 nodes: the first list, then 500 nodes per second that get a
 * new podCIDR, for a minute (BENCH=quick: ten seconds). Bars: 99% of the routes in the kernel within 100 ms of the event, less than
 * 200 MB. Needs root.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { AgentNode } from '../support/agent-node.ts';
import { nodeFlags } from '../support/launcher.ts';
import { createNetns } from '../support/netns.ts';

const NODES = 5000;
const RATE = 500;
const SECONDS = process.env['BENCH'] === 'quick' ? 10 : 60;

interface Result {
  readonly routes: number;
  readonly missing: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

const bundle = path.join(import.meta.dirname, '../../dist/gryphon.mjs');
if (!fs.existsSync(bundle)) throw new Error(`${bundle} is missing; run "make build"`);

/** Seconds of processor time that a process has used. */
function processor(pid: number): number {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Megabytes: `VmRSS` now, `VmHWM` at most. */
const memory = (pid: number, field: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) /
  1000;

using outside = await createNetns();
await using node = await AgentNode.create(outside, ['10.128.0.10/16']);
const kubeconfig = node.path('kubeconfig');

function inside(...argv: readonly string[]): ChildProcess {
  const log = fs.openSync(node.path('agent.log'), 'a');
  return spawn(
    'nsenter',
    [`--net=${node.netns.path}`, process.execPath, '--disable-warning=ExperimentalWarning', ...argv],
    // As image/gryphon.
    { stdio: ['pipe', 'pipe', log], env: { ...process.env, MALLOC_ARENA_MAX: '1' } },
  );
}

const cluster = inside(path.join(import.meta.dirname, 'kube/cluster-process.ts'), kubeconfig, String(NODES));
const lines = createInterface({ input: cluster.stdout ?? process.stdin })[Symbol.asyncIterator]();
await lines.next();
// Without the plugin the node would not become ready.
await node.gryphon('install-cni', '--cni-bin-dir', node.path('bin'));

const directories = { 'run-dir': 'run', 'state-dir': 'state', 'cni-bin-dir': 'bin', 'cni-conf-dir': 'net.d' };
const flags = Object.entries(directories).flatMap(([flag, name]) => [`--${flag}`, node.path(name)]);
const start = performance.now();
// As image/gryphon starts it, with the heap that Node allows itself under the DaemonSet's memory limit of 1 GiB.
const agent = inside(
  ...nodeFlags('image/gryphon'),
  '--max-old-space-size=512',
  bundle,
  'agent',
  '--source',
  'kubernetes',
  '--kubeconfig',
  kubeconfig,
  '--node-name',
  'node-0',
  '--bgp',
  'off',
  '--cluster-cidr',
  '10.0.0.0/9',
  ...flags,
);
agent.stdout?.resume();
const pid = agent.pid ?? 0;
try {
  await node.until('all routes, and the node ready', async () => {
    const { ready, routes } = await node.status();
    return ready && routes.installed === NODES;
  });
  const first = (performance.now() - start) / 1000;
  console.log(
    `${NODES} nodes       first list to last route, start included ${first.toFixed(1)} s   memory ${memory(pid, 'VmRSS').toFixed(0)} MB`,
  );
  const before = processor(pid);
  cluster.stdin?.write(`change ${RATE} ${SECONDS}\n`);
  const { routes, missing, p50, p99, most } = JSON.parse((await lines.next()).value as string) as Result;
  const used = processor(pid) - before;
  console.log(
    `${RATE} changes/s     ${routes} routes, ${missing} missing   event to kernel p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms (bar 100), most ${most.toFixed(0)} ms`,
  );
  console.log(
    `cost              processor ${used.toFixed(1)} s, ${((used / SECONDS) * 100).toFixed(0)}% of a core   memory ${memory(pid, 'VmRSS').toFixed(0)} MB, at most ${memory(pid, 'VmHWM').toFixed(0)} MB (bar 200)`,
  );
  if (missing > 0 || p99 > 100 || memory(pid, 'VmHWM') > 200) process.exitCode = 1;
} finally {
  agent.kill('SIGKILL');
  cluster.kill('SIGKILL');
}
