import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadDefaultConfList, parseConfList } from '../../src/lab/conflist.ts';

const list = (fields: object): string =>
  JSON.stringify({ cniVersion: '1.0.0', name: 'net', plugins: [{ type: 'a' }], ...fields });

describe('a configuration list', () => {
  test('is taken as it is', () => {
    expect(
      parseConfList(list({ plugins: [{ type: 'a', socket: '/x' }, { type: 'b' }], disableCheck: true }), 'f'),
    ).toEqual({
      name: 'net',
      cniVersion: '1.0.0',
      disableCheck: true,
      plugins: [{ type: 'a', socket: '/x' }, { type: 'b' }],
    });
  });

  test.each([
    [{}, '1.0.0'],
    [{ cniVersion: '0.4.0' }, '0.4.0'],
    [{ cniVersions: ['0.3.1', '0.4.0', '1.0.0', '1.1.0'] }, '1.1.0'],
    [{ cniVersions: ['1.0.0', '2.0.0'] }, '1.0.0'],
  ])('version of %j: %s', (fields, version) => {
    expect(parseConfList(list(fields), 'f').cniVersion).toBe(version);
  });

  test.each([
    ['{', 'it is no JSON'],
    ['[]', 'it is no JSON object'],
    [list({ name: '-net' }), 'its name "-net" is not allowed'],
    [list({ name: undefined }), 'its name undefined is not allowed'],
    [list({ plugins: [] }), 'it lists no plugins'],
    [list({ plugins: [{}] }), 'a plugin has no type'],
    [list({ plugins: [{ type: '../../bin/sh' }] }), 'a plugin has no type'],
    [list({ cniVersion: '0.2.0' }), 'it offers ["0.2.0"], we speak 0.4.0, 1.0.0, 1.1.0'],
  ])('%s is refused', (text, reason) => {
    expect(() => parseConfList(text, '05-x.conflist')).toThrow(`05-x.conflist cannot be used: ${reason}`);
  });
});

describe('the default network of a directory', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gryphon-lab-conflist-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('is the first file by byte order; other files do not count', async () => {
    await writeFile(join(directory, '10-z.conflist'), list({ name: 'second' }));
    await writeFile(join(directory, '05-a.conflist'), list({ name: 'first' }));
    await writeFile(join(directory, '00-draft.tmp'), '{');
    expect((await loadDefaultConfList(directory))?.name).toBe('first');
  });

  test('is missing as long as there is none', async () => {
    expect(await loadDefaultConfList(directory)).toBeUndefined();
    expect(await loadDefaultConfList(join(directory, 'not-there'))).toBeUndefined();
  });
});
