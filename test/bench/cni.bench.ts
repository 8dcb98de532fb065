/**
 * A pod's network from end to end, as the runtime waits for it: our executable with the whole bundled agent behind it, beside the
 * reference plugins `ptp` and `bridge` with `host-local`, in turns in one run. Each in a namespace of its own. Needs root.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { AgentNode, nodeManifest } from '../support/agent-node.ts';
import { buildShim, shim } from '../support/cni-node.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';

const ROUNDS = 9;
const SEQUENTIAL = 40;
const PARALLEL = 100;
const CONCURRENCY = 16;
const PLUGINS = '/usr/lib/cni';

/** What the runtime sees of a number of calls, milliseconds. */
interface Times {
  readonly p50: number;
  readonly p95: number;
  readonly total: number;
}

interface Contestant {
  readonly name: string;
  readonly node: TestNetns;
  readonly plugin: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'gry-bench-cni-'));
const runner = path.join(directory, 'plugin-runner');
await execa('gcc', ['-O2', '-Wall', '-o', runner, path.join(import.meta.dirname, 'cni/plugin-runner.c')]);

/** Sandboxes `PREFIX0` to `PREFIXn` that are used again and again: making them is not measured. */
async function makeSandboxes(
  count: number,
): Promise<{ readonly prefix: string; readonly remove: () => Promise<void> }> {
  const stem = `grytest-${process.pid}-bench`;
  const names = Array.from({ length: count }, (_, i) => `${stem}${i}`);
  for (const name of names) await execa('ip', ['netns', 'add', name]);
  const remove = async (): Promise<void> => {
    for (const name of names) await execa('ip', ['netns', 'del', name], { reject: false });
  };
  return { prefix: `/var/run/netns/${stem}`, remove };
}

async function run(
  { node, plugin, config, name }: Contestant,
  command: 'ADD' | 'DEL',
  sandboxes: string,
  count: number,
  concurrency: number,
): Promise<Times> {
  const file = path.join(directory, `${name.replaceAll(/\W/g, '-')}.json`);
  fs.writeFileSync(file, JSON.stringify(config));
  const numbers = [count, concurrency].map(String);
  const output = await node.exec(runner, plugin, command, file, PLUGINS, sandboxes, ...numbers);
  const lines = output.split('\n');
  const each = lines.slice(0, count).map((line) => Number(line) / 1000);
  const total = Number(lines[count]?.split(' ')[1]) / 1000;
  return { p50: quantile(each, 0.5), p95: quantile(each, 0.95), total };
}

const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * q)] ?? Number.NaN;

/** An address range per contestant, so that none waits for the other's leases. */
const hostLocal = (name: string, subnet: string) => ({
  type: 'host-local',
  ranges: [[{ subnet }]],
  dataDir: path.join(directory, name),
});

function reference(name: string, type: 'ptp' | 'bridge', node: TestNetns, subnet: string): Contestant {
  const ipam = hostLocal(type, subnet);
  const bridge = type === 'bridge' ? { bridge: 'gry-bench0', isGateway: true } : {};
  const config = { cniVersion: '1.0.0', name: type, type, ipMasq: false, ...bridge, ipam };
  return { name, node, plugin: path.join(PLUGINS, type), config };
}

const ROWS = [
  { what: 'ADD one by one, p50', command: 'ADD', parallel: false, of: 'p50', bar: 1 / 4 },
  { what: 'ADD one by one, p95', command: 'ADD', parallel: false, of: 'p95', bar: undefined },
  { what: 'DEL one by one, p50', command: 'DEL', parallel: false, of: 'p50', bar: 1 / 4 },
  { what: 'DEL one by one, p95', command: 'DEL', parallel: false, of: 'p95', bar: undefined },
  {
    what: `${PARALLEL} ADDs, ${CONCURRENCY} at once`,
    command: 'ADD',
    parallel: true,
    of: 'total',
    bar: 1 / 5,
  },
  {
    what: `${PARALLEL} DELs, ${CONCURRENCY} at once`,
    command: 'DEL',
    parallel: true,
    of: 'total',
    bar: 1 / 4,
  },
] as const;

/** What is taken apart after the answer must not hold the kernel's lock while the next one is measured. */
async function linksGone(node: TestNetns): Promise<void> {
  while ((await node.ip('-brief link show type veth')).includes('gryp')) await pause(20);
}

type Results = Map<string, Times[]>;
const keyOf = (contestant: Contestant, command: string, parallel: boolean): string =>
  `${contestant.name} ${command} ${parallel}`;

async function round(contestants: readonly Contestant[], sandboxes: string, results: Results): Promise<void> {
  for (const contestant of contestants) {
    for (const parallel of [false, true]) {
      for (const command of ['ADD', 'DEL'] as const) {
        const [count, concurrency] = parallel ? [PARALLEL, CONCURRENCY] : [SEQUENTIAL, 1];
        const times = await run(contestant, command, sandboxes, count, concurrency);
        const key = keyOf(contestant, command, parallel);
        results.set(key, [...(results.get(key) ?? []), times]);
        if (command === 'DEL') await linksGone(contestant.node);
      }
    }
  }
}

function print(contestants: readonly Contestant[], results: Results): void {
  const [ours, ptp] = contestants;
  if (ours === undefined || ptp === undefined) return;
  const heads = ['milliseconds', ...contestants.map((c) => c.name), 'ratio', 'bar'];
  console.log(heads.map(pad).join(''));
  for (const { what, command, parallel, of, bar } of ROWS) {
    const medians = contestants.map((c) =>
      quantile(
        (results.get(keyOf(c, command, parallel)) ?? []).map((times) => times[of]),
        0.5,
      ),
    );
    const ratio = (medians[0] ?? Number.NaN) / (medians[1] ?? Number.NaN);
    const verdict = bar === undefined ? '' : `${bar.toFixed(2)} ${ratio <= bar ? 'met' : 'missed'}`;
    console.log([what, ...medians.map((m) => m.toFixed(2)), ratio.toFixed(2), verdict].map(pad).join(''));
  }
}

const WIDTHS = [24, 12, 18, 20, 8, 14];
const pad = (cell: string, i: number): string => (i === 0 ? cell.padEnd(24) : cell.padStart(WIDTHS[i] ?? 12));

const sandboxes = await makeSandboxes(PARALLEL);
await using stack = new AsyncDisposableStack();
stack.defer(() => fs.rmSync(directory, { recursive: true }));
stack.defer(() => sandboxes.remove());
const outside = stack.use(await createNetns());
const node = stack.use(await AgentNode.create(outside, ['192.0.2.10/24', '2001:db8::10/64']));
await buildShim();
node.write('nodes.yaml', nodeManifest('node-a', ['10.244.0.0/16'], ['192.0.2.10', '2001:db8::10']));
await node.gryphon('install-cni', '--cni-bin-dir', node.path('bin'));
node.start('node-a');
await node.until('the conflist', () => Promise.resolve(fs.readdirSync(node.path('net.d')).length > 0));
// What a start leaves to be done.
await pause(3_000);
const ptpNode = stack.use(await createNetns());
const bridgeNode = stack.use(await createNetns());
const contestants: readonly Contestant[] = [
  {
    name: 'gryphon',
    node: node.netns,
    plugin: shim,
    config: { cniVersion: '1.0.0', name: 'gryphon', type: 'gryphon', socket: node.path('run', 'cni.sock') },
  },
  reference('ptp+host-local', 'ptp', ptpNode, '10.245.0.0/16'),
  reference('bridge+host-local', 'bridge', bridgeNode, '10.246.0.0/16'),
];
const results: Results = new Map();
for (let i = 0; i < ROUNDS; i++) await round(contestants, sandboxes.prefix, results);
console.log(`CNI from end to end, medians of ${ROUNDS} rounds; ratio to ptp+host-local`);
print(contestants, results);
