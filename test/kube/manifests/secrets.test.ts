import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/agent/clock.ts';
import { ManifestSource } from '../../../src/kube/manifests/source.ts';
import type { Snapshot } from '../../../src/kube/records/snapshot.ts';
import type { Log } from '../../../src/ports/log.ts';
import { passwordText, peerText, secretText } from './texts.ts';

let directory: string;
let stop: AbortController;
let snapshots: Snapshot[];
let logged: unknown[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gryphon-secrets-'));
  stop = new AbortController();
  snapshots = [];
  logged = [];
});
afterEach(async () => {
  stop.abort();
  await rm(directory, { recursive: true, force: true });
});

const log: Log = {
  debug: (...line) => logged.push(line),
  info: (...line) => logged.push(line),
  warn: (...line) => logged.push(line),
  error: (...line) => logged.push(line),
  component: () => log,
};

async function start(files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, text] of Object.entries(files)) await write(name, text);
  const onChange = (snapshot: Snapshot): unknown => snapshots.push(snapshot);
  await new ManifestSource({
    namespace: 'gryphon-system',
    directory,
    clock: systemClock,
    log,
    onChange,
  }).start(stop.signal);
}

const write = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { interval: 5, timeout: 4000 });

/** `bgp/tor=hunter2` for every value that a snapshot holds. */
const values = ({ secrets }: Snapshot): string[] =>
  [...secrets.values()].flatMap((secret) =>
    [...secret.values].map(([key, value]) => `${secret.name}/${key}=${value.reveal()}`),
  );
const latest = (): Snapshot | undefined => snapshots.at(-1);

test('the first snapshot has the passwords that its peers refer to, whatever the order of the files', async () => {
  await start({
    'a-secrets.yaml': `${secretText('bgp', 'tor', 'hunter2')}  unused: nobody-asks\n`,
    'b-peers.yaml': peerText('p', '192.0.2.1', passwordText('bgp', 'tor')),
  });
  expect(snapshots.map(values)).toEqual([['bgp/tor=hunter2']]);
});

test('a reference that comes later brings its value in the same snapshot, one that goes takes it along', async () => {
  await start({
    'secrets.yaml': `${secretText('bgp', 'tor', 'hunter2')}  mesh: hunter3\n`,
    'peers.yaml': peerText('p'),
  });
  expect(snapshots.map(values)).toEqual([[]]);
  await write('peers.yaml', peerText('p', '192.0.2.1', passwordText('bgp', 'mesh')));
  await eventually(() => expect(latest()?.bgpPeers.get('p')?.password).toBeDefined());
  expect(snapshots.slice(1).map(values)).toEqual([['bgp/mesh=hunter3']]);
  await write('peers.yaml', peerText('p'));
  await eventually(() => expect(latest()?.bgpPeers.get('p')?.password).toBeUndefined());
  expect(latest() && values(latest() as Snapshot)).toEqual([]);
});

test('a password that is changed arrives; of a Secret that is broken the last one stays', async () => {
  await start({
    'peers.yaml': peerText('p', '192.0.2.1', passwordText('bgp', 'tor')),
    'secrets.yaml': secretText('bgp', 'tor', 'hunter2'),
  });
  await write('secrets.yaml', secretText('bgp', 'tor', 'hunter4'));
  await eventually(() => expect(latest() && values(latest() as Snapshot)).toEqual(['bgp/tor=hunter4']));
  await write('secrets.yaml', secretText('bgp', 'tor', '[not, a, text]'));
  await eventually(() => expect(latest()?.problems).toHaveLength(1));
  expect(latest() && values(latest() as Snapshot)).toEqual(['bgp/tor=hunter4']);
});

test('nothing that is logged or reported shows a password', async () => {
  await start({
    'peers.yaml': peerText('p', '192.0.2.1', passwordText('bgp', 'tor')),
    'secrets.yaml': `${secretText('bgp', 'tor', 'hunter2')}data: {tor: aHVudGVyMg=}\n`,
    'wrong.yaml': `apiVersion: v1\nkind: Secret\nmetadata: {name: w}\ndata: {tor: [hunter2]}\n`,
  });
  expect(latest() && values(latest() as Snapshot)).toEqual(['bgp/tor=hunter2']);
  expect(logged).not.toEqual([]);
  expect(inspect([logged, snapshots], { depth: 20, showHidden: true })).not.toMatch(/hunter|aHVu/);
});
