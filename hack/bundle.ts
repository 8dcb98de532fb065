/**
 * Bundles src/main.ts into dist/gryphon.mjs, and what is imported only when it is needed into dist/gryphon-NAME-HASH.mjs beside it, so that no
 * command reads what it does not use. koffi stays outside, because it loads a native module by path.
 */
import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

/**
 * Only KubeConfig is used of client-node, which does not say that its modules do nothing by being loaded: without this, its models of
 * every kind of Kubernetes would come along.
 */
const onlyWhatIsUsed: Plugin = {
  name: 'client-node',
  setup(bundle) {
    bundle.onResolve({ filter: /^\.\.?\// }, ({ importer, resolveDir, path }) =>
      importer.includes('/node_modules/@kubernetes/client-node/dist/')
        ? { path: join(resolveDir, path), sideEffects: false }
        : undefined,
    );
  },
};

// Names of chunks change with what is in them, and the image takes all that are there.
for (const chunk of globSync('dist/gryphon-*.mjs*')) rmSync(chunk);

await build({
  entryPoints: { gryphon: 'src/main.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  chunkNames: 'gryphon-[name]-[hash]',
  bundle: true,
  splitting: true,
  minify: true,
  keepNames: true,
  sourcemap: 'linked',
  platform: 'node',
  target: 'node24',
  format: 'esm',
  external: ['koffi'],
  plugins: [onlyWhatIsUsed],
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
