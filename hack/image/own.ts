import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Entry, textEntry } from './entry.ts';
import { fileEntry, treeEntries } from './files.ts';
import { licences } from './licences.ts';

const checkout = join(import.meta.dirname, '../..');

/** What `gryphon install-cni` places beside our own executable. */
const plugins = ['portmap', 'bandwidth', 'loopback', 'host-local', 'tuning'];

/** The part of the image that is ours: what image/contents names, the reference plugins and the list of licences. */
export function ownEntries(pluginDirectory: string): readonly Entry[] {
  const listed = readFileSync(join(checkout, 'image/contents'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const [mode = '', path = '', source = ''] = line.replaceAll('NODE_ARCH', process.arch).split(' ');
      const files = globSync(join(checkout, source));
      if (files.length === 0) throw new Error(`${source} is missing; run "make build"`);
      const place = (file: string): string => (path.endsWith('/') ? `${path}${basename(file)}` : path);
      return files.flatMap((file) => treeEntries(place(file), file, Number.parseInt(mode, 8)));
    });
  return [
    ...listed,
    ...plugins.map((name) => fileEntry(`usr/lib/cni/${name}`, join(pluginDirectory, name), 0o755)),
    textEntry('usr/share/doc/gryphon/licences.txt', licences(join(checkout, 'package-lock.json'))),
  ];
}
