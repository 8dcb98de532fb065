/** Lays our own part of the image out below a directory: lay-out.ts DIRECTORY PLUGINS. The Dockerfile copies it from there. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { complete } from './entry.ts';
import { ownEntries } from './own.ts';

const [directory, plugins] = process.argv.slice(2);
if (directory === undefined || plugins === undefined) throw new Error('usage: lay-out.ts DIRECTORY PLUGINS');
mkdirSync(directory, { recursive: true });
for (const entry of complete(ownEntries(plugins))) {
  const path = join(directory, entry.path);
  if (entry.kind === 'directory') mkdirSync(path, { recursive: true });
  else if (entry.kind === 'link') symlinkSync(entry.target, path);
  else writeFileSync(path, entry.read(), { mode: entry.mode });
}
