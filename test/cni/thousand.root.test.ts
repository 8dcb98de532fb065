import fs from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { replayJournal } from '../../src/ipam/journal-state.ts';
import { prefix } from '../../src/net/prefix.ts';
import { CniNode, shim } from '../support/cni-node.ts';

const PODS = 1000;
const AT_ONCE = '16';
/** More than this, forgotten for each pod of a round, would be seen: half of what the smallest record of an attachment takes. */
const BYTES_PER_POD = 256;
/** Pages that the allocator below keeps for the next time; the heap tells the truth, this only that nothing beside it grows. */
const ALLOCATOR_NOISE = 24 << 20;

/** Namespaces `STEM0` to `STEMn`, all at once, which `ip netns add` one by one takes minutes for. */
async function makeSandboxes(): Promise<AsyncDisposable & { readonly stem: string }> {
  const stem = `grytest-${process.pid}-thousand`;
  const all = (verb: string): string =>
    Array.from({ length: PODS }, (_, i) => `netns ${verb} ${stem}${i}\n`).join('');
  const remove = async (): Promise<void> =>
    void (await execa('ip', ['-force', '-batch', '-'], { input: all('delete'), reject: false }));
  try {
    await execa('ip', ['-batch', '-'], { input: all('add') });
  } catch (error) {
    await remove();
    throw error;
  }
  return { stem, [Symbol.asyncDispose]: remove };
}

/** Every file below a directory, but what the agent says. */
const filesIn = (directory: string): readonly string[] =>
  fs
    .readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => !file.startsWith('compiled'))
    .sort();

test('a thousand ADDs and a thousand DELs, three times: nothing stays, and the agent does not grow', async () => {
  await using node = await CniNode.create(
    { podCIDRs: [prefix('10.244.0.0/21'), prefix('fd00:244::/64')], mtu: 1500 },
    0,
    10,
  );
  await using sandboxes = await makeSandboxes();
  const runner = path.join(node.directory, 'plugin-runner');
  const config = path.join(node.directory, 'config.json');
  await execa('gcc', ['-O2', '-o', runner, path.join(import.meta.dirname, '../bench/cni/plugin-runner.c')]);
  const stanza = { cniVersion: '1.0.0', name: 'gryphon', type: 'gryphon', socket: node.socketPath };
  fs.writeFileSync(config, JSON.stringify(stanza));
  await node.start();
  const files = filesIn(node.directory);
  const call = (command: string): Promise<string> =>
    node.netns.exec(
      runner,
      shim,
      command,
      config,
      '/opt/cni/bin',
      `/var/run/netns/${sandboxes.stem}`,
      String(PODS),
      AT_ONCE,
    );
  const state = () => replayJournal(fs.readFileSync(node.journal), 'test');

  async function round() {
    await call('ADD');
    expect(await node.links()).toHaveLength(PODS);
    expect(state()?.attachments.size).toBe(PODS);
    await call('DEL');
    await expect.poll(() => node.links(), { timeout: 30_000 }).toEqual([]);
    await expect.poll(() => state()?.attachments.size).toBe(0);
    return await node.measure();
  }
  const first = await round();
  await round();
  // The heap swings by half a megabyte from one round to the next, to and fro: the third is like the first.
  const third = await round();

  expect(third.descriptors).toBe(first.descriptors);
  expect(third.heap - first.heap).toBeLessThan(PODS * BYTES_PER_POD);
  expect(third.besideHeap - first.besideHeap).toBeLessThan(ALLOCATOR_NOISE);
  expect(await node.netns.ip('route show proto 71')).toBe('');
  expect(await node.netns.ip('-6 route show proto 71')).toBe('');
  expect(await node.netns.ip('neigh show nud all')).not.toContain('gryp');
  expect(await node.netns.ip('neigh show proxy')).toBe('');
  expect(filesIn(node.directory)).toEqual(files);
  // Compacted on the way: 12000 lines were written.
  expect(state()?.lines).toBeLessThan(2 * PODS + 2000);
}, 180_000);
