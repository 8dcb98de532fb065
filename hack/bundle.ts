/** Bundles src/main.ts into dist/gryphon.mjs; koffi stays outside, because it loads a native module by path. */
import { build } from 'esbuild';

await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/gryphon.mjs',
  bundle: true,
  minify: true,
  keepNames: true,
  sourcemap: 'linked',
  platform: 'node',
  target: 'node24',
  format: 'esm',
  external: ['koffi'],
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
