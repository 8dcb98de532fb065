import { basename } from 'node:path';
import type { RunCommand } from '../../src/lab/command.ts';

export interface PluginCall {
  readonly plugin: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: Readonly<Record<string, unknown>>;
  /** What stood before the plugin's path. */
  readonly launcher: readonly string[];
}

/** A directory of CNI plugins in memory: each adds one address to the result before it, and remembers what it holds. */
export class FakePlugins {
  readonly calls: PluginCall[] = [];
  /** `plugin containerID/ifname` of what was added and not deleted. */
  readonly held = new Set<string>();
  /** `ADD b`: the next such call fails with this output. */
  readonly failNext = new Map<string, { readonly stdout: string; readonly stderr?: string }>();

  readonly run: RunCommand = async (argv, options = {}) => {
    const plugin = basename(argv.at(-1) ?? '');
    const env = options.env ?? {};
    const stdin = JSON.parse(options.input ?? '{}') as Record<string, unknown>;
    this.calls.push({ plugin, env, stdin, launcher: argv.slice(0, -1) });
    const key = `${env['CNI_COMMAND']} ${plugin}`;
    const failure = this.failNext.get(key);
    this.failNext.delete(key);
    if (failure !== undefined) return { argv, exitCode: 1, stderr: '', ...failure };
    return { argv, exitCode: 0, stdout: this.#answer(plugin, env, stdin), stderr: '' };
  };

  /** `ADD a`, `DEL b`: in order. */
  get verbs(): readonly string[] {
    return this.calls.map(({ plugin, env }) => `${env['CNI_COMMAND']} ${plugin}`);
  }

  #answer(
    plugin: string,
    env: Readonly<Record<string, string>>,
    stdin: Readonly<Record<string, unknown>>,
  ): string {
    const owner = `${plugin} ${env['CNI_CONTAINERID']}/${env['CNI_IFNAME']}`;
    if (env['CNI_COMMAND'] === 'DEL') this.held.delete(owner);
    if (env['CNI_COMMAND'] !== 'ADD') return '';
    this.held.add(owner);
    const previous = stdin['prevResult'] as { readonly ips?: readonly object[] } | undefined;
    const ips = [...(previous?.ips ?? []), { address: `192.0.2.${this.held.size}/32` }];
    return JSON.stringify({ ...previous, cniVersion: stdin['cniVersion'], ips });
  }
}
