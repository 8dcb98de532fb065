import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { Agent } from '../agent/agent.ts';
import { systemClock } from '../agent/clock.ts';
import { createLog } from '../agent/log.ts';
import { type ResolvedSettings, settingTexts } from '../agent/settings.ts';
import { TcpTransport } from '../bgp/tcp/tcp-transport.ts';
import { execRunner } from '../iptables/exec-runner.ts';
import { ManifestSource } from '../kube/manifests/source.ts';
import { Monitor } from '../netlink/monitor.ts';
import { Rtnetlink } from '../netlink/rtnetlink.ts';
import { UsageError } from './context.ts';
import { version } from './version.ts';

/** Builds the real adapters and runs the agent until SIGTERM or SIGINT. @throws UsageError, SystemError */
export async function runAgent(resolved: ResolvedSettings): Promise<void> {
  const { settings, problems } = resolved;
  const directory = manifestDirectory(resolved);
  const log = createLog({ level: settings.logLevel });
  log.info('starting', { version, node: process.version, settings: settingTexts(resolved) });
  for (const problem of problems) log.warn('setting', { ...problem });
  const stop = stopSignal();
  try {
    // One that was cleaned away and may come back is made anew.
    do {
      await makeAgent(resolved, directory, log).run(stop);
    } while (!stop.aborted);
  } finally {
    log.flush();
  }
}

function makeAgent(resolved: ResolvedSettings, directory: string, log: ReturnType<typeof createLog>): Agent {
  const { settings, problems } = resolved;
  return new Agent({
    settings,
    nodeName: settings.nodeName ?? hostname(),
    version,
    bootID: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    clock: systemClock,
    log,
    netlink: { open: () => Rtnetlink.open(), watch: (options) => Monitor.open(options) },
    transport: new TcpTransport(),
    runner: execRunner,
    defer: (fn) => void setImmediate(fn),
    sourceName: settings.source,
    openSource: (onChange) =>
      new ManifestSource({
        directory,
        namespace: settings.namespace,
        clock: systemClock,
        log: log.component('manifests'),
        onChange,
      }),
    problems,
  });
}

/**
 * Aborted by SIGTERM or SIGINT; a second one ends the process at once. The listeners stay for ever: execa has one of its own
 * while a program runs, and raises the signal again when it believes to be the only one.
 */
function stopSignal(): AbortSignal {
  const abort = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    if (abort.signal.aborted) process.exit(1);
    abort.abort(name);
  };
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, stop);
  return abort.signal;
}

function manifestDirectory({ settings }: ResolvedSettings): string {
  if (settings.source !== 'manifests') {
    throw new UsageError(
      'this version of Gryphon cannot read from the API server yet',
      'use --source manifests --manifests DIR',
    );
  }
  if (settings.manifests === undefined) {
    throw new UsageError('--source manifests needs a directory', 'add --manifests DIR');
  }
  return settings.manifests;
}
