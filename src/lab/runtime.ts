import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CniError, type CniResult, parseResult, pluginError, type Verb } from './cni-answer.ts';
import type { RunCommand } from './command.ts';
import type { ConfList, PluginStanza } from './conflist.ts';
import type { Argv } from './wiring.ts';

/** What a runtime says about a pod's sandbox in every call. */
export interface Sandbox {
  readonly containerID: string;
  /** Path of the network namespace; empty on a DEL when it is gone already. */
  readonly netns: string;
  readonly ifname: string;
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string };
}

export interface RuntimeOptions {
  /** Runs a command on the node. */
  readonly run: RunCommand;
  /** Put before each plugin's path: `nsenter --net=… --`. */
  readonly launcher: Argv;
  /** CNI_PATH. */
  readonly binDir: string;
  readonly cacheDir: string;
  /** PATH of the plugins; nothing else of our environment reaches them. */
  readonly path: string;
}

/** The cache file of libcni, as containerd and CRI-O write it. */
interface CacheEntry {
  readonly kind: 'cniCacheV1';
  readonly containerId: string;
  readonly ifName: string;
  readonly networkName: string;
  readonly config: ConfList;
  readonly result: CniResult;
}

/** Runtimes give a plugin minutes; here a plugin that hangs should be seen. */
const PLUGIN_TIMEOUT_MS = 15_000;

/**
 * Calls CNI plugins as libcni does: a process per plugin and verb, parameters in CNI_* variables, configuration on standard
 * input, each plugin's result handed to the next one as prevResult, deletion in reverse, the last result cached.
 */
export class CniRuntime {
  readonly #options: RuntimeOptions;

  constructor(options: RuntimeOptions) {
    this.#options = options;
  }

  /** Attaches the sandbox; a plugin's failure undoes what was done before it, as runtimes do. @throws CniError */
  async add(list: ConfList, sandbox: Sandbox): Promise<CniResult> {
    let result: CniResult | undefined;
    try {
      for (const plugin of list.plugins) {
        const stdout = await this.#call(
          'ADD',
          plugin,
          this.#parameters(sandbox),
          configuration(list, plugin, result),
        );
        result = parseResult(stdout, plugin, list.cniVersion);
      }
    } catch (error) {
      // The reason of the ADD is what people need; a failing clean-up would only hide it.
      await this.del(list, sandbox).catch(() => {});
      throw error;
    }
    if (result === undefined) throw new CniError('GRY_LAB_CNI', `${list.name} has no plugins`);
    await this.#store(list, sandbox, result);
    return result;
  }

  /** Detaches the sandbox; may be repeated. @throws CniError */
  async del(list: ConfList, sandbox: Sandbox): Promise<void> {
    const cached = await this.#load(list, sandbox);
    for (const plugin of list.plugins.toReversed()) {
      await this.#call('DEL', plugin, this.#parameters(sandbox), configuration(list, plugin, cached?.result));
    }
    await rm(this.#cachePath(list, sandbox), { force: true });
  }

  /** Asks each plugin whether the attachment is whole. @throws CniError */
  async check(list: ConfList, sandbox: Sandbox): Promise<void> {
    if (list.disableCheck) return;
    const cached = await this.#load(list, sandbox);
    for (const plugin of list.plugins) {
      await this.#call(
        'CHECK',
        plugin,
        this.#parameters(sandbox),
        configuration(list, plugin, cached?.result),
      );
    }
  }

  /** Asks each plugin whether it could ADD now; only since 1.1.0. @throws CniError */
  async status(list: ConfList): Promise<void> {
    if (list.cniVersion !== '1.1.0') return;
    const none = { CNI_CONTAINERID: '', CNI_NETNS: '', CNI_IFNAME: '', CNI_ARGS: '' };
    for (const plugin of list.plugins) await this.#call('STATUS', plugin, none, configuration(list, plugin));
  }

  /** The result of the last ADD. */
  async cached(list: ConfList, sandbox: Sandbox): Promise<CniResult | undefined> {
    return (await this.#load(list, sandbox))?.result;
  }

  #parameters(sandbox: Sandbox): Readonly<Record<string, string>> {
    const { containerID, netns, ifname, pod } = sandbox;
    return {
      CNI_CONTAINERID: containerID,
      CNI_NETNS: netns,
      CNI_IFNAME: ifname,
      CNI_ARGS: [
        'IgnoreUnknown=1',
        `K8S_POD_NAMESPACE=${pod.namespace}`,
        `K8S_POD_NAME=${pod.name}`,
        `K8S_POD_INFRA_CONTAINER_ID=${containerID}`,
        `K8S_POD_UID=${pod.uid}`,
      ].join(';'),
    };
  }

  async #call(
    verb: Verb,
    plugin: PluginStanza,
    parameters: Readonly<Record<string, string>>,
    stdin: Readonly<Record<string, unknown>>,
  ): Promise<string> {
    const { run, launcher, binDir, path } = this.#options;
    const result = await run([...launcher, join(binDir, plugin.type)], {
      input: JSON.stringify(stdin),
      env: { PATH: path, CNI_COMMAND: verb, CNI_PATH: binDir, ...parameters },
      timeoutMs: PLUGIN_TIMEOUT_MS,
    });
    if (result.exitCode !== 0) throw pluginError(verb, plugin, result);
    return result.stdout;
  }

  #cachePath(list: ConfList, { containerID, ifname }: Sandbox): string {
    return join(this.#options.cacheDir, `${list.name}-${containerID}-${ifname}`);
  }

  async #store(list: ConfList, sandbox: Sandbox, result: CniResult): Promise<void> {
    const entry: CacheEntry = {
      kind: 'cniCacheV1',
      containerId: sandbox.containerID,
      ifName: sandbox.ifname,
      networkName: list.name,
      config: list,
      result,
    };
    const path = this.#cachePath(list, sandbox);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, JSON.stringify(entry), { mode: 0o600 });
  }

  /** A cache that is missing or torn means a call without prevResult, which plugins must bear. */
  async #load(list: ConfList, sandbox: Sandbox): Promise<CacheEntry | undefined> {
    try {
      return JSON.parse(await readFile(this.#cachePath(list, sandbox), 'utf8')) as CacheEntry;
    } catch {
      return undefined;
    }
  }
}

/** A plugin's stanza with what the runtime adds, specification §3 "Deriving execution configuration". */
export function configuration(
  list: ConfList,
  plugin: PluginStanza,
  prevResult?: CniResult,
): Readonly<Record<string, unknown>> {
  return {
    ...plugin,
    name: list.name,
    cniVersion: list.cniVersion,
    ...(prevResult === undefined ? {} : { prevResult }),
  };
}
