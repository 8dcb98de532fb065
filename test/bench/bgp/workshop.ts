import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';

const HERE = import.meta.dirname;

/** One run over few rows, for whoever is changing things; else medians of three. */
export const quick = process.env['BENCH'] === 'quick';
export const repetitions = quick ? 1 : 3;

/** A temporary directory with everything compiled, and files of messages, made once each. */
export class Workshop implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'gryphon-bench-'));
  readonly #messages = new Map<string, string>();
  #sites = 0;

  static async open(): Promise<Workshop> {
    const workshop = new Workshop();
    chmodSync(workshop.directory, 0o755);
    symlinkSync(join(HERE, '../../../node_modules'), workshop.path('node_modules'));
    const compile = (source: string): Promise<unknown> =>
      execa('gcc', ['-O2', '-Wall', '-o', workshop.path(basename(source, '.c')), join(HERE, source)]);
    await Promise.all(['peer.c', 'relay.c', 'fib.c', '../floor.c'].map(compile));
    // As hack/bundle.ts makes the agent.
    await build({
      entryPoints: ['speaker.ts', 'loop-watch.ts'].map((name) => join(HERE, name)),
      outdir: workshop.directory,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      minify: true,
      keepNames: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      external: ['koffi'],
      banner: {
        js: `import { createRequire } from 'node:module'; const require = createRequire(${JSON.stringify(import.meta.url)});`,
      },
      logLevel: 'warning',
    });
    return workshop;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** A directory for one daemon. */
  site(): string {
    const directory = this.path(`site-${this.#sites++}`);
    mkdirSync(directory);
    return directory;
  }

  messages(name: string, make: () => Uint8Array): string {
    let file = this.#messages.get(name);
    if (file === undefined) {
      file = this.path(`${name}.bgp`);
      writeFileSync(file, make());
      this.#messages.set(name, file);
    }
    return file;
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true });
  }
}
