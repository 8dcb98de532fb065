/**
 * A simulated API server with many nodes, in a process and a namespace of its own beside the agent: `node cluster-process.ts KUBECONFIG
 * NODES`. On "change RATE SECONDS" it gives so many nodes per second a new podCIDR and tells, when their routes are in the
 * kernel, how long each took: one process sees both ends.
 */
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { Monitor } from '../../../src/netlink/monitor.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { FakeKube, kubeNode } from '../../support/fake-kube.ts';
import { HttpKube, writeKubeconfig } from '../../support/http-kube.ts';

const NODES = '/api/v1/nodes';
const [kubeconfig = '', nodes = '0'] = process.argv.slice(2);
const count = Number(nodes);

/** What kubelets tell beside what we need, about 8 kB. */
const status = {
  images: Array.from({ length: 40 }, (_, i) => ({
    names: [
      `registry.example/team/application-${i}@sha256:${'0123456789abcdef'.repeat(4)}`,
      `registry.example/team/application-${i}:v1.${i}`,
    ],
    sizeBytes: 100_000_000 + i,
  })),
};

let blocks = 0;
/** The next /26 of 10.0.0.0/9. */
function nextBlock(): string {
  const start = blocks++ * 64;
  return `10.${start >> 16}.${(start >> 8) & 255}.${start & 255}/26`;
}

const kube = new FakeKube();
const put = (index: number, cidr: string): void => {
  const host = index + 10;
  kube.put(NODES, kubeNode(`node-${index}`, [cidr], `10.128.${host >> 8}.${host & 255}`, { status }));
};
for (let i = 0; i < count; i++) put(i, nextBlock());
kube.compact();
await using server = await HttpKube.listen(kube);
writeKubeconfig(kubeconfig, server.url);

/** When each block was announced, and how long it took until its route was there; milliseconds. */
const sent = new Map<string, number>();
const times: number[] = [];
using _ = Monitor.open({
  log: silentLog,
  onEvents: (events) => {
    for (const event of events) {
      if (event.kind !== 'route.changed') continue;
      const at = sent.get(event.route.prefix);
      if (at === undefined) continue;
      times.push(performance.now() - at);
      sent.delete(event.route.prefix);
    }
  },
  onOverrun: () => console.log('overrun'),
});

async function change(rate: number, seconds: number): Promise<void> {
  const start = performance.now();
  let done = 0;
  while (done < rate * seconds) {
    const due = Math.min(rate * seconds, Math.floor(((performance.now() - start) * rate) / 1000));
    for (; done < due; done++) {
      const block = nextBlock();
      sent.set(block, performance.now());
      put(1 + (done % (count - 1)), block);
    }
    await pause(2);
  }
  for (let i = 0; sent.size > 0 && i < 100; i++) await pause(100);
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? Number.NaN;
  console.log(
    JSON.stringify({ routes: times.length, missing: sent.size, p50: at(0.5), p99: at(0.99), most: at(1) }),
  );
}

console.log('listening');
for await (const line of createInterface({ input: process.stdin })) {
  const [, rate, seconds] = line.split(' ').map(Number);
  await change(rate ?? 0, seconds ?? 0);
}
process.exit(0);
