import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { Agent, type AgentOptions } from '../agent/agent.ts';
import { systemClock } from '../agent/clock.ts';
import { createLog, type RootLog } from '../agent/log.ts';
import { type ResolvedSettings, settingTexts } from '../agent/settings.ts';
import { TcpTransport } from '../bgp/tcp/tcp-transport.ts';
import { judge } from '../calc/judge.ts';
import { execRunner } from '../iptables/exec-runner.ts';
import { acceptanceDuty } from '../kube/cluster/acceptance-duty.ts';
import { ClusterSource } from '../kube/cluster/cluster-source.ts';
import { isInCluster } from '../kube/cluster/in-cluster.ts';
import { NodeWriter } from '../kube/cluster/node-writer.ts';
import { ManifestSource } from '../kube/manifests/source.ts';
import { Monitor } from '../netlink/monitor.ts';
import { Rtnetlink } from '../netlink/rtnetlink.ts';
import { releaseMemory } from '../netlink/socket.ts';
import type { Log } from '../ports/log.ts';
import { UsageError } from './context.ts';
import { version } from './version.ts';

/** Builds the real adapters and runs the agent until SIGTERM or SIGINT. @throws UsageError, SystemError */
export async function runAgent(resolved: ResolvedSettings): Promise<void> {
  const { settings, problems } = resolved;
  const log = createLog({ level: settings.logLevel });
  const stop = stopSignal();
  const source = await chooseSource(resolved, log, stop);
  log.info('starting', { version, node: process.version, settings: settingTexts(resolved) });
  for (const problem of problems) log.warn('setting', { ...problem });
  try {
    // One that was cleaned away and may come back is made anew.
    do {
      await makeAgent(resolved, source, log).run(stop);
    } while (!stop.aborted);
  } finally {
    log.flush();
  }
}

/** Where objects come from, and who wants to know of this node. */
type Source = Pick<AgentOptions, 'openSource' | 'reporter'>;

function makeAgent(resolved: ResolvedSettings, source: Source, log: RootLog): Agent {
  const { settings, problems } = resolved;
  return new Agent({
    settings,
    nodeName: nodeNameOf(resolved),
    version,
    bootID: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    clock: systemClock,
    log,
    netlink: { open: () => Rtnetlink.open(), watch: (options) => Monitor.open(options) },
    transport: new TcpTransport(),
    runner: execRunner,
    defer,
    sourceName: settings.source,
    ...source,
    releaseMemory,
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

const nodeNameOf = ({ settings }: ResolvedSettings): string => settings.nodeName ?? hostname();

const defer = (fn: () => void): void => void setImmediate(fn);

/** @throws UsageError when the settings do not say where objects come from */
async function chooseSource(resolved: ResolvedSettings, root: Log, stop: AbortSignal): Promise<Source> {
  const { settings } = resolved;
  const { namespace, calicoKinds } = settings;
  const log = root.component(settings.source);
  const clock = systemClock;
  if (settings.source === 'manifests') {
    const directory = settings.manifests;
    if (directory === undefined)
      throw new UsageError('--source manifests needs a directory', 'add --manifests DIR');
    return {
      openSource: (onChange) =>
        new ManifestSource({ directory, namespace, calicoKinds, clock, log, onChange }),
    };
  }
  const { kubeconfig } = settings;
  if (kubeconfig === undefined && !isInCluster()) {
    throw new UsageError(
      'this is no pod with a service account, so the API server is not known',
      'add --kubeconfig FILE, or use --source manifests --manifests DIR',
    );
  }
  // client-node is large, and whoever reads manifests does without.
  const { HttpApi } = await import('../kube/cluster/http-api.ts');
  const api = new HttpApi({
    ...(kubeconfig !== undefined && { kubeconfig }),
    userAgent: `gryphon/${version}`,
  });
  const nodeName = nodeNameOf(resolved);
  const writer = new NodeWriter({ api, nodeName, clock, log });
  void writer.run(stop);
  const duty = acceptanceDuty({ api, namespace, identity: `${nodeName}_${randomUUID()}`, judge, clock, log });
  return {
    openSource: (onChange) =>
      new ClusterSource({ api, namespace, calicoKinds, clock, log, defer, onChange, duty }),
    reporter: writer,
  };
}
