import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/agent/clock.ts';
import { limits } from '../../../src/kube/manifests/directory.ts';
import { ManifestSource } from '../../../src/kube/manifests/source.ts';
import type { Snapshot } from '../../../src/kube/records/snapshot.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { type Log, silentLog } from '../../../src/ports/log.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { documents, nodeText, peerText } from './texts.ts';

let root: string;
let directory: string;
let stop: AbortController;
/** Every snapshot that the source under test has given. */
let snapshots: Snapshot[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gryphon-manifests-'));
  directory = join(root, 'manifests');
  stop = new AbortController();
  snapshots = [];
});
afterEach(async () => {
  stop.abort();
  await rm(root, { recursive: true, force: true });
});

const makeSource = (clock: Clock = systemClock): ManifestSource =>
  new ManifestSource({
    namespace: 'gryphon-system',
    directory,
    clock,
    log: silentLog,
    onChange: (snapshot) => snapshots.push(snapshot),
  });

async function start(files: Readonly<Record<string, string>>): Promise<ManifestSource> {
  await mkdir(directory);
  for (const [name, text] of Object.entries(files)) await write(name, text);
  const source = makeSource();
  await source.start(stop.signal);
  return source;
}

const write = (name: string, text: string | Uint8Array): Promise<void> =>
  writeFile(join(directory, name), text);
const latest = (): Snapshot => {
  const snapshot = snapshots.at(-1);
  if (snapshot === undefined) throw new Error('no snapshot yet');
  return snapshot;
};
const nodes = (snapshot = latest()): string[] => [...snapshot.nodes.keys()];
const codes = (snapshot = latest()): string[] => snapshot.problems.map((p) => p.code);
/** Sooner than the slow poll would see it, so that a watch that is lost is noticed. */
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { interval: 5, timeout: 4000 });

describe('the first read', () => {
  test('start resolves once everything was read', async () => {
    const source = await start({ 'nodes.yaml': nodeText('a'), 'peers.json': peerText('p') });
    expect(source.synced).toBe(true);
    expect(source.snapshot).toBe(latest());
    expect(snapshots).toHaveLength(1);
    expect(latest()).toMatchObject({ synced: true, complete: true, problems: [] });
    expect([nodes(), [...latest().bgpPeers.keys()]]).toEqual([['a'], ['p']]);
  });

  test('an empty directory is a complete answer', async () => {
    await start({});
    expect(latest()).toMatchObject({ synced: true, complete: true, problems: [] });
  });

  test('a broken file does not hold up the others, but is told apart', async () => {
    await start({ 'a.yaml': nodeText('a'), 'b.yaml': 'kind: [' });
    expect(latest()).toMatchObject({ synced: true, complete: false });
    expect([nodes(), codes()]).toEqual([['a'], ['GRY_MANIFEST_BROKEN']]);
  });

  test('a directory that is missing is reported and waited for', async () => {
    const source = makeSource();
    const started = source.start(stop.signal);
    await eventually(() => expect(codes()).toEqual(['GRY_MANIFESTS_UNREADABLE']));
    expect(latest()).toMatchObject({ synced: false, complete: false });
    expect(latest().problems[0]?.message).toContain('ENOENT');
    await mkdir(directory);
    await write('a.yaml', nodeText('a'));
    await started;
    expect(latest()).toMatchObject({ synced: true, problems: [] });
    await eventually(() => expect(nodes()).toEqual(['a']));
  });

  test('a file where the directory should be', async () => {
    await writeFile(directory, '');
    const started = makeSource().start(stop.signal);
    await eventually(() => expect(latest().problems[0]?.message).toContain('ENOTDIR'));
    stop.abort(new Error('enough'));
    await expect(started).rejects.toThrow('enough');
  });

  test('a start that was called off', async () => {
    stop.abort(new Error('too late'));
    await expect(makeSource().start(stop.signal)).rejects.toThrow('too late');
  });
});

describe('changes take effect', () => {
  test('files are added, edited and deleted', async () => {
    await start({ 'a.yaml': nodeText('a') });
    await write('b.yaml', nodeText('b'));
    await eventually(() => expect(nodes()).toEqual(['a', 'b']));
    await write('a.yaml', documents(nodeText('a', '10.9.0.0/24'), nodeText('c')));
    await eventually(() => expect(nodes()).toEqual(['a', 'c', 'b']));
    expect(latest().nodes.get('a')?.podCIDRs).toEqual(['10.9.0.0/24']);
    await rm(join(directory, 'a.yaml'));
    await eventually(() => expect(nodes()).toEqual(['b']));
    expect(codes()).toEqual([]);
  });

  test('a broken file keeps what was read and is mended', async () => {
    await start({ 'a.yaml': nodeText('a') });
    await write('a.yaml', `${nodeText('b')} : [`);
    await eventually(() => expect(codes()).toEqual(['GRY_MANIFEST_BROKEN']));
    expect(nodes()).toEqual(['a']);
    await write('a.yaml', nodeText('b'));
    await eventually(() => expect(nodes()).toEqual(['b']));
    expect(codes()).toEqual([]);
  });

  test('a file that cannot be read is tried again', async () => {
    await start({ 'a.yaml': nodeText('a') });
    await write('a.yaml', Buffer.from([0xff]));
    await eventually(() => expect(codes()).toEqual(['GRY_MANIFEST_BROKEN']));
    await write('a.yaml', nodeText('b'));
    await eventually(() => expect(nodes()).toEqual(['b']));
  });

  test('a file that is replaced, as editors and mv do', async () => {
    await start({ 'a.yaml': nodeText('a') });
    await write('.a.yaml.tmp', documents(nodeText('a'), nodeText('b')));
    await rename(join(directory, '.a.yaml.tmp'), join(directory, 'a.yaml'));
    await eventually(() => expect(nodes()).toEqual(['a', 'b']));
  });

  test('a mounted ConfigMap, whose files change all at once by turning one link', async () => {
    await mkdir(directory);
    const version = async (name: string, text: string): Promise<void> => {
      await mkdir(join(directory, name));
      await write(`${name}/nodes.yaml`, text);
    };
    await version('..v1', nodeText('a'));
    await symlink('..v1', join(directory, '..data'));
    await symlink('..data/nodes.yaml', join(directory, 'nodes.yaml'));
    await makeSource().start(stop.signal);
    expect(nodes()).toEqual(['a']);

    await version('..v2', nodeText('b'));
    await symlink('..v2', join(directory, '..data_tmp'));
    await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    await rm(join(directory, '..v1'), { recursive: true });
    await eventually(() => expect(nodes()).toEqual(['b']));
    expect(snapshots.map((snapshot) => nodes(snapshot))).toEqual([['a'], ['b']]);
  });

  test('a directory that is removed keeps everything until it comes back', async () => {
    const source = await start({ 'a.yaml': nodeText('a') });
    await rename(directory, join(root, 'aside'));
    await eventually(() => expect(codes()).toEqual(['GRY_MANIFESTS_UNREADABLE']));
    expect(latest().problems[0]?.remedy).toContain('until then the objects last read stay in force');
    expect([nodes(), source.synced]).toEqual([['a'], true]);
    await mkdir(directory);
    await write('a.yaml', nodeText('b'));
    await eventually(() => expect(nodes()).toEqual(['b']));
    expect(codes()).toEqual([]);
    // The new directory is the one that is watched now.
    await write('a.yaml', nodeText('c'));
    await eventually(() => expect(nodes()).toEqual(['c']));
  });

  test('a directory that is made anew between two looks is watched', async () => {
    await start({ 'a.yaml': nodeText('a') });
    await rm(directory, { recursive: true });
    await mkdir(directory);
    await write('a.yaml', nodeText('b'));
    await eventually(() => expect(nodes()).toEqual(['b']));
    await write('a.yaml', nodeText('c'));
    await eventually(() => expect(nodes()).toEqual(['c']));
  });

  test('every problem is logged once, while it lasts', async () => {
    const logged: unknown[] = [];
    const log: Log = { ...silentLog, warn: (_, fields) => logged.push(fields?.['subject']) };
    await mkdir(directory);
    await write('a.yaml', 'kind: [');
    const onChange = (snapshot: Snapshot): unknown => snapshots.push(snapshot);
    await new ManifestSource({
      namespace: 'gryphon-system',
      directory,
      clock: systemClock,
      log,
      onChange,
    }).start(stop.signal);
    await write('b.yaml', nodeText('b'));
    await eventually(() => expect(nodes()).toEqual(['b']));
    await write('c.yaml', 'kind: {');
    await eventually(() => expect(codes()).toHaveLength(2));
    expect(logged).toEqual(['a.yaml:1:8', 'c.yaml:1:8']);
  });

  test('a link to a directory that is turned to another', async () => {
    for (const name of ['v1', 'v2']) {
      await mkdir(join(root, name));
      await writeFile(join(root, name, 'nodes.yaml'), nodeText(name));
    }
    await symlink('v1', directory);
    await makeSource().start(stop.signal);
    await symlink('v2', join(root, 'next'));
    await rename(join(root, 'next'), directory);
    await eventually(() => expect(nodes()).toEqual(['v2']));
  });

  test('more files than the limit', async () => {
    const names = Array.from({ length: limits.files + 1 }, (_, i) => `${String(i).padStart(4, '0')}.yaml`);
    await start(Object.fromEntries(names.map((name, i) => [name, nodeText(`n${i}`)])));
    expect([latest().nodes.size, codes()]).toEqual([limits.files, ['GRY_MANIFESTS_TOO_MANY']]);
  });
});

/** With a clock that stands still between the steps, so that each look at the directory happens when the test says so. */
describe('files that are just being written', () => {
  let clock: FakeClock;

  /**
   * One look: what the kernel has to tell arrives, the clock moves, and the look runs to its end, which is where the source
   * sets the timer of the next one.
   */
  async function look(ms = 100): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await settle();
    clock.advance(ms);
    while (clock.pending === 0 && !stop.signal.aborted) await settle();
  }

  async function startStill(text: string): Promise<void> {
    clock = new FakeClock();
    await mkdir(directory);
    await write('a.yaml', text);
    const started = makeSource(clock).start(stop.signal);
    await look(0);
    await look();
    await started;
  }

  test('a list cut in the middle is never seen, though it would parse', async () => {
    await startStill(documents(nodeText('a'), nodeText('b')));
    await write('a.yaml', documents(nodeText('a'), ''));
    await look();
    await appendFile(join(directory, 'a.yaml'), documents(nodeText('b'), nodeText('c')));
    await look();
    expect(snapshots).toHaveLength(1);
    await look();
    expect(snapshots.map((snapshot) => nodes(snapshot))).toEqual([
      ['a', 'b'],
      ['a', 'b', 'c'],
    ]);
  });

  test('a cut that lasts counts: the source does not guess', async () => {
    await startStill(documents(nodeText('a'), nodeText('b')));
    await write('a.yaml', nodeText('a'));
    await look();
    expect(nodes()).toEqual(['a', 'b']);
    await look();
    expect(nodes()).toEqual(['a']);
  });

  test('a file that is removed and made again is never gone', async () => {
    await startStill(nodeText('a'));
    await rm(join(directory, 'a.yaml'));
    await look();
    await write('a.yaml', documents(nodeText('a'), nodeText('b')));
    await look();
    await look();
    expect(snapshots.map((snapshot) => nodes(snapshot))).toEqual([['a'], ['a', 'b']]);
  });

  test('a broken text that is mended at once is never reported', async () => {
    await startStill(nodeText('a'));
    await write('a.yaml', 'kind: [');
    await look();
    await write('a.yaml', nodeText('b'));
    await look();
    await look();
    expect(snapshots.map((snapshot) => [nodes(snapshot), codes(snapshot)])).toEqual([
      [['a'], []],
      [['b'], []],
    ]);
  });

  test('a shell that truncates long before it writes empties nothing', async () => {
    await startStill(nodeText('a'));
    await write('a.yaml', '');
    await look();
    await look();
    expect([nodes(), codes()]).toEqual([['a'], ['GRY_MANIFEST_BLANK']]);
    await write('a.yaml', nodeText('b'));
    await look();
    await look();
    expect([nodes(), codes()]).toEqual([['b'], []]);
  });

  test('what the kernel does not tell is found by the poll', async () => {
    const outside = join(root, 'outside.yaml');
    await writeFile(outside, nodeText('b'));
    await startStill(nodeText('a'));
    await symlink(outside, join(directory, 'b.yaml'));
    await look();
    await look();
    expect(nodes()).toEqual(['a', 'b']);
    await writeFile(outside, nodeText('c'));
    await look();
    await look();
    expect(nodes()).toEqual(['a', 'b']);
    await look(5000);
    await look();
    expect(nodes()).toEqual(['a', 'c']);
  });

  test('after the end nothing waits and nothing is told', async () => {
    await startStill(nodeText('a'));
    stop.abort();
    expect(clock.pending).toBe(0);
    await write('a.yaml', nodeText('b'));
    await look(5000);
    for (let turn = 0; turn < 100; turn++) await settle();
    expect(snapshots).toHaveLength(1);
  });
});
