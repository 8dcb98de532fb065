/** Packs the image without an engine: pack.ts FILE [PLUGINS]. See image/README.md. */
import packageFile from '../../package.json' with { type: 'json' };
import { writeArchive } from './archive.ts';
import { ownEntries } from './own.ts';
import { systemEntries } from './system.ts';

const [file, plugins = '/usr/lib/cni'] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: pack.ts FILE [PLUGINS]');
await writeArchive(file, {
  name: `localhost/gryphon:${packageFile.version}`,
  entrypoint: ['gryphon'],
  layers: [systemEntries(), ownEntries(plugins)],
});
