import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  identifyDirectory,
  isManifestName,
  limits,
  listManifests,
  readManifest,
} from '../../../src/kube/manifests/directory.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gryphon-manifests-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('names', () => {
  test.each([
    '.nodes.yaml',
    '..data',
    '.nodes.yaml.swp',
    '.#nodes.yaml',
    '#nodes.yaml#',
    '#nodes.yaml',
    '~nodes.yaml',
    'nodes.yaml~',
    'nodes.yaml.bak',
    'nodes.yaml___jb_tmp___',
    'nodes.txt',
    '4913',
    'yaml',
    '.yaml',
  ])('%s is passed over', (name) => {
    expect(isManifestName(name)).toBe(false);
  });
  test.each(['nodes.yaml', 'nodes.yml', 'NODES.JSON', '10-nodes.v2.yaml', 'a b.json'])(
    '%s is read',
    (name) => {
      expect(isManifestName(name)).toBe(true);
    },
  );
});

describe('listing', () => {
  test('regular files in order, links followed, everything else left out', async () => {
    await writeFile(join(directory, 'b.yaml'), '');
    await mkdir(join(directory, '..v1'));
    await writeFile(join(directory, '..v1', 'a.yaml'), '');
    await symlink('..v1', join(directory, '..data'));
    await symlink('..data/a.yaml', join(directory, 'a.yaml'));
    await symlink('nowhere', join(directory, 'c.yaml'));
    await symlink('d.yaml', join(directory, 'd.yaml'));
    await mkdir(join(directory, 'e.yaml'));
    await symlink('/dev/zero', join(directory, 'f.yaml'));
    expect([...(await listManifests(directory)).keys()]).toEqual(['a.yaml', 'b.yaml']);
  });

  test('a directory that is none', async () => {
    await writeFile(join(directory, 'file'), '');
    await expect(listManifests(join(directory, 'file'))).rejects.toThrow('ENOTDIR');
    await expect(identifyDirectory(join(directory, 'missing'))).rejects.toThrow('ENOENT');
  });

  test('another directory at the same path has another identity', async () => {
    await mkdir(join(directory, 'v1'));
    await mkdir(join(directory, 'v2'));
    await symlink('v1', join(directory, 'now'));
    const before = await identifyDirectory(join(directory, 'now'));
    expect(before).toEqual({ ...(await identifyDirectory(join(directory, 'v1'))), isLink: true });
    await rm(join(directory, 'now'));
    await symlink('v2', join(directory, 'now'));
    expect((await identifyDirectory(join(directory, 'now'))).identity).not.toBe(before.identity);
  });
});

describe('reading', () => {
  const read = async (name: string) => {
    const fingerprint = (await listManifests(directory)).get(name) ?? 'none';
    return readManifest(join(directory, name), fingerprint);
  };

  test.each([
    ['large.yaml', limits.yamlBytes, 'split it, or write it as JSON, which may be larger'],
    ['large.json', limits.jsonBytes, 'split it into several files'],
  ])('%s above the limit', async (name, limit, remedy) => {
    await writeFile(join(directory, name), '');
    await truncate(join(directory, name), limit + 1);
    const reason = `the file has ${limit + 1} bytes, more than ${limit}`;
    expect(await read(name)).toEqual({ kind: 'unreadable', reason, remedy });
  });

  test('bytes that are no text', async () => {
    await writeFile(join(directory, 'a.yaml'), Buffer.from([0x6b, 0xff, 0xfe]));
    expect(await read('a.yaml')).toMatchObject({ kind: 'unreadable', reason: 'the file is not UTF-8 text' });
  });

  test('a file that is not the one that was looked at', async () => {
    await writeFile(join(directory, 'a.yaml'), 'old');
    const fingerprint = (await listManifests(directory)).get('a.yaml') ?? '';
    await writeFile(join(directory, 'a.yaml'), 'newer');
    expect(await readManifest(join(directory, 'a.yaml'), fingerprint)).toEqual({ kind: 'changed' });
    await rm(join(directory, 'a.yaml'));
    expect(await readManifest(join(directory, 'a.yaml'), fingerprint)).toEqual({ kind: 'changed' });
  });

  test('a path that the system refuses', async () => {
    const result = await readManifest(join(directory, 'x'.repeat(300)), '');
    expect(result).toMatchObject({ kind: 'unreadable', reason: expect.stringContaining('ENAMETOOLONG') });
  });

  test('text', async () => {
    await writeFile(join(directory, 'a.yaml'), 'kind: Node # ü\n');
    expect(await read('a.yaml')).toEqual({ kind: 'text', text: 'kind: Node # ü\n' });
  });
});
