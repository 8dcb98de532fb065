import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeDirectories } from '../../src/ipam/directory.ts';

test('makes what is missing, leaves what is there, and never hangs', () => {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'gry-directory-'));
  try {
    const deep = path.join(base, 'a/b/c');
    makeDirectories(deep, 0o700);
    makeDirectories(deep, 0o755);
    expect(fs.statSync(deep).mode & 0o777).toBe(0o700);
    fs.writeFileSync(path.join(base, 'file'), '');
    expect(() => makeDirectories(path.join(base, 'file/x'), 0o700)).toThrow(/ENOTDIR/);
    expect(() => makeDirectories('/proc/gryphon/bin', 0o700)).toThrow(/ENOENT/);
  } finally {
    fs.rmSync(base, { recursive: true });
  }
});
