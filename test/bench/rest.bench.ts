/**
 * What one bundled agent costs at rest with the manifest source: resident memory and processor time, in a namespace of its own, with
 * a node of two families, one peer that never answers, and the API open. Reach: 110 MB, 1% of a core.
 */
import fs from 'node:fs';
import path from 'node:path';
import { AgentNode, nodeManifest } from '../support/agent-node.ts';
import { createNetns } from '../support/netns.ts';

/** Seconds until start-up has been forgotten, and over which the processor is measured. */
const SETTLE = 20;
const MEASURE = 40;

const bundle = path.join(import.meta.dirname, '../../dist/gryphon.mjs');
if (!fs.existsSync(bundle)) throw new Error(`${bundle} is missing; run "make build"`);

const sleep = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Ticks of 10 ms that a process has used. */
function ticks(pid: number): number {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

const resident = (pid: number): number => {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(line) / 1000;
};

using outside = await createNetns();
await using node = await AgentNode.create(outside, ['192.0.2.10/24', '2001:db8::10/64']);
node.write(
  'nodes.yaml',
  nodeManifest('node-a', ['10.244.1.0/24', 'fd00:244:1::/64'], ['192.0.2.10', '2001:db8::10']) +
    nodeManifest('node-b', ['10.244.2.0/24', 'fd00:244:2::/64'], ['192.0.2.11', '2001:db8::11']),
);
await node.gryphon('install-cni', '--cni-bin-dir', node.path('bin'));
const pid = node.start('node-a');
await node.until('the first pass', async () =>
  (await node.status()).checks.every((c) => c.ok || c.name === 'bgp'),
);
await sleep(SETTLE);
const before = ticks(pid);
await sleep(MEASURE);
const share = (ticks(pid) - before) / MEASURE;
console.log(
  `agent at rest, bundled     memory ${resident(pid).toFixed(0)} MB (reach 110)   processor ${share.toFixed(2)}% of a core (reach 1)`,
);
