import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeArchive } from '../../hack/image/archive.ts';
import { complete, type Entry, textEntry } from '../../hack/image/entry.ts';
import { licences } from '../../hack/image/licences.ts';
import { tar } from '../../hack/image/tar.ts';

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'gryphon-image-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

const run = (...args: readonly string[]): string =>
  execFileSync('tar', [...args], {
    cwd: scratch,
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
  });

const entries: readonly Entry[] = [
  { ...textEntry('usr/bin/program', '#!/bin/sh\n'), mode: 0o755 } as Entry,
  { kind: 'link', path: 'bin', target: 'usr/bin' },
  textEntry('etc/empty', ''),
  textEntry('etc/block', 'x'.repeat(512)),
];

describe('a tar archive', () => {
  it('is what tar lists', () => {
    writeFileSync(join(scratch, 'a.tar'), Buffer.concat([...tar(complete(entries))]));
    expect(run('--list', '--verbose', '--numeric-owner', '-f', 'a.tar').trim().split('\n')).toEqual([
      'lrwxrwxrwx 0/0               0 1970-01-01 00:00 bin -> usr/bin',
      'drwxr-xr-x 0/0               0 1970-01-01 00:00 etc/',
      '-rw-r--r-- 0/0             512 1970-01-01 00:00 etc/block',
      '-rw-r--r-- 0/0               0 1970-01-01 00:00 etc/empty',
      'drwxr-xr-x 0/0               0 1970-01-01 00:00 usr/',
      'drwxr-xr-x 0/0               0 1970-01-01 00:00 usr/bin/',
      '-rwxr-xr-x 0/0              10 1970-01-01 00:00 usr/bin/program',
    ]);
    expect(run('--to-stdout', '--extract', '-f', 'a.tar', 'etc/block')).toBe('x'.repeat(512));
  });

  it('has long paths, and refuses those that are too long', () => {
    const long = `${'directory/'.repeat(15)}${'f'.repeat(100)}`;
    writeFileSync(join(scratch, 'long.tar'), Buffer.concat([...tar([textEntry(long, '')])]));
    expect(run('--list', '-f', 'long.tar').trim()).toBe(long);
    for (const path of ['f'.repeat(101), `${'directory/'.repeat(16)}${'f'.repeat(100)}`])
      expect(() => [...tar([textEntry(path, '')])]).toThrow('too long');
  });
});

describe('an image archive', () => {
  const image = {
    name: 'localhost/test:1',
    entrypoint: ['program'],
    layers: [entries, [textEntry('top', 'x')]],
  };

  it('is the same for the same files', async () => {
    for (const name of ['one.tar', 'two.tar']) await writeArchive(join(scratch, name), image);
    expect(readFileSync(join(scratch, 'one.tar')).equals(readFileSync(join(scratch, 'two.tar')))).toBe(true);
  });

  it('leads from its index to its layers', () => {
    const read = (path: string): string => run('--to-stdout', '--extract', '-f', 'one.tar', path);
    const blob = (descriptor: { digest: string; size: number }): Record<string, unknown> => {
      const text = read(descriptor.digest.replace('sha256:', 'blobs/sha256/'));
      expect(Buffer.byteLength(text)).toBe(descriptor.size);
      return JSON.parse(text) as Record<string, unknown>;
    };
    const [reference] = JSON.parse(read('index.json')).manifests;
    expect(reference).toMatchObject({ annotations: { 'io.containerd.image.name': 'localhost/test:1' } });
    const manifest = blob(reference) as { config: never; layers: { digest: string }[] };
    expect(blob(manifest.config)).toMatchObject({ os: 'linux', config: { Entrypoint: ['program'] } });
    const layers = manifest.layers.map(({ digest }) => digest.replace('sha256:', 'blobs/sha256/'));
    expect(JSON.parse(read('manifest.json'))[0]).toMatchObject({
      RepoTags: ['localhost/test:1'],
      Layers: layers,
    });
    run('--extract', '-f', 'one.tar', layers[1] ?? '');
    expect(run('--to-stdout', '-xzf', layers[1] ?? '', 'top')).toBe('x');
  });
});

it('the licences are those of what is not for development', () => {
  const lines = licences(join(import.meta.dirname, '../../package-lock.json'))
    .trim()
    .split('\n');
  expect(lines[0]).toMatch(/^Gryphon \S+ Apache-2\.0$/);
  expect(lines.some((line) => line.startsWith('koffi '))).toBe(true);
  expect(lines.some((line) => line.startsWith('vitest '))).toBe(false);
  for (const line of lines) expect(line).toMatch(/^\S+ \d\S* \S/);
});
