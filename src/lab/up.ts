import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../ports/error.ts';
import { agentCommand, askReadiness } from './agents.ts';
import { birdConfig } from './bird-config.ts';
import { mustRun } from './command.ts';
import { dismantle } from './down.ts';
import { LabError } from './error.ts';
import { birdcCommand, evidence } from './evidence.ts';
import { inspectLab } from './inspect.ts';
import { enter, type Lab, processEnvironment } from './lab.ts';
import { labManifests } from './manifests.ts';
import { emptyDirectory, withLock, writeMarker } from './marker.ts';
import { createPods, nodeConfList, nodeRuntime } from './pods.ts';
import { isAlive } from './process-identity.ts';
import { Progress, seconds } from './progress.ts';
import { missingRoutes } from './routes.ts';
import { type Patience, until } from './wait.ts';
import { wiringCommands } from './wiring.ts';

/** An agent starts in a second or two; on a busy machine it may take longer. */
const START_PATIENCE: Patience = { timeoutMs: 30_000, everyMs: 100 };
/** Sessions come within a connect-retry interval or two. */
const ROUTES_PATIENCE: Patience = { timeoutMs: 45_000, everyMs: 200 };

/** Brings the lab up, or finds that it is up; whatever is half there is taken down first. @throws with the evidence written */
export async function up(lab: Lab, signal: AbortSignal): Promise<void> {
  await withLock(lab, process.pid, async () => {
    const progress = new Progress(lab.write, lab.clock);
    const state = await inspectLab(lab);
    if (state.kind === 'whole') {
      lab.write(`The lab is up already (checked in ${seconds(progress.elapsed)}).\n`);
      return;
    }
    if (state.kind !== 'nothing') {
      lab.write(`Starting the lab anew: ${state.reason}.\n`);
      await dismantle(lab, progress, signal);
      await emptyDirectory(lab);
    }
    try {
      await build(lab, progress, signal);
    } catch (error) {
      if (!signal.aborted) lab.write(`\n${await evidence(lab)}\n`);
      throw error;
    }
    lab.write(`The lab is up after ${seconds(progress.elapsed)}.\n`);
  });
}

async function build(lab: Lab, progress: Progress, signal: AbortSignal): Promise<void> {
  const { nodes } = lab.topology;
  await progress.stage('directories and manifests', () => writeFiles(lab));
  await progress.stage('namespaces, cables, addresses', () => wire(lab, signal));
  await progress.stage('router (BIRD) and internet (a web server)', () => startSurroundings(lab));
  await progress.stage('CNI executables', () => Promise.all(nodes.map((node) => installCni(lab, node.name))));
  await progress.stage('agents: synced, CNI configuration written', () => startAgents(lab, signal));
  await progress.stage('pods: two per node', () => Promise.all(nodes.map((node) => createPods(lab, node))));
  await progress.stage('BGP sessions and routes', () =>
    untilNothingLacks(lab, signal, ROUTES_PATIENCE, () => lackingRoutes(lab)),
  );
  await writeMarker(lab, true);
}

async function writeFiles(lab: Lab): Promise<void> {
  const { layout, topology } = lab;
  const nodeDirectories = topology.nodes.flatMap((node) => {
    const { run, state, cniBin, cniConf, cniCache } = layout.node(node.name);
    return [run, state, cniBin, cniConf, cniCache];
  });
  for (const path of [layout.manifests, layout.logs, layout.bin, layout.routerBin, ...nodeDirectories]) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  }
  for (const [name, text] of labManifests(topology)) await writeFile(join(layout.manifests, name), text);
  await writeFile(layout.bird.config, birdConfig(topology));
  await writeExecutable(join(layout.bin, 'gryphon'), lab.program);
  await writeExecutable(join(layout.routerBin, 'birdc'), ['/usr/sbin/birdc', '-s', layout.bird.socket]);
}

/** A script that runs `argv` with whatever it is given. */
async function writeExecutable(path: string, argv: readonly string[]): Promise<void> {
  const quoted = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  await writeFile(path, `#!/bin/sh\nexec ${quoted} "$@"\n`);
  await chmod(path, 0o755);
}

async function wire(lab: Lab, signal: AbortSignal): Promise<void> {
  for (const argv of wiringCommands(lab.topology)) await mustRun(lab.run, argv, { signal });
}

async function startSurroundings(lab: Lab): Promise<void> {
  const { router, internet } = lab.topology;
  const { config, socket, pid } = lab.layout.bird;
  const start = (name: string, argv: readonly string[]): Promise<unknown> =>
    lab.processes.start({
      name,
      argv: enter(lab, name, argv),
      env: processEnvironment(lab),
      log: lab.layout.log(name),
    });
  await start(router.name, ['bird', '-f', '-c', config, '-s', socket, '-P', pid]);
  await start(internet.name, [...lab.program, 'lab', 'serve-address']);
}

async function installCni(lab: Lab, node: string): Promise<void> {
  const directory = lab.layout.node(node).cniBin;
  // Ours alone: the pods of a lab have no host ports, and the reference plugins are 4 MB each.
  const flags = [`--cni-bin-dir=${directory}`, `--cni-plugin-dir=${directory}`];
  await mustRun(lab.run, [...lab.program, 'install-cni', ...flags]);
}

async function startAgents(lab: Lab, signal: AbortSignal): Promise<void> {
  const { nodes } = lab.topology;
  for (const node of nodes) {
    await lab.processes.start({
      name: node.name,
      argv: agentCommand(lab, node),
      env: processEnvironment(lab),
      log: lab.layout.log(node.name),
    });
  }
  await untilNothingLacks(lab, signal, START_PATIENCE, () => lackingCni(lab));
}

/** The first node whose CNI plugin cannot serve pods yet, and why. */
async function lackingCni(lab: Lab): Promise<string | undefined> {
  for (const node of lab.topology.nodes) {
    const list = await nodeConfList(lab, node).catch(() => undefined);
    if (list === undefined) return `${node.name} has no CNI configuration`;
    const reason = await nodeRuntime(lab, node)
      .status(list)
      .then(() => undefined, describeError);
    if (reason !== undefined) return `${node.name}: ${reason}`;
  }
  return undefined;
}

/** Wanted: every agent ready, every pod CIDR in every other node's kernel and in BIRD's tables, in both families. */
async function lackingRoutes(lab: Lab): Promise<string | undefined> {
  for (const node of lab.topology.nodes) {
    const missing = await missingRoutes(lab, node);
    if (missing.length > 0) return `${node.name} has no route to ${missing.join(', ')}`;
    if (!(await askReadiness(lab, node)).ready) return `${node.name} is not ready`;
  }
  const table = await lab.run(enter(lab, lab.topology.router.name, birdcCommand(lab, 'show', 'route')));
  const unknown = lab.topology.nodes
    .flatMap((node) => node.podCIDRs)
    .filter((cidr) => !table.stdout.includes(cidr));
  return unknown.length > 0 ? `the router has not learned ${unknown.join(', ')}` : undefined;
}

/** @throws LabError `GRY_LAB_LATE` with what still lacks; `GRY_LAB_PROCESS_DIED`, because waiting is of no use then */
async function untilNothingLacks(
  lab: Lab,
  signal: AbortSignal,
  patience: Patience,
  look: () => Promise<string | undefined>,
): Promise<void> {
  let lack: string | undefined;
  const complete = await until(lab.clock, signal, patience, async () => {
    await requireAlive(lab);
    lack = await look();
    return lack === undefined ? true : undefined;
  });
  if (complete === true) return;
  throw new LabError('GRY_LAB_LATE', `${lack}, after ${seconds(patience.timeoutMs)}`, {
    remedy: 'see the evidence above; "gryphon lab down" removes what is there',
  });
}

/** @throws LabError `GRY_LAB_PROCESS_DIED` */
async function requireAlive(lab: Lab): Promise<void> {
  for (const record of await lab.processes.list()) {
    if (isAlive(record)) continue;
    throw new LabError('GRY_LAB_PROCESS_DIED', `the process of ${record.name} has ended`, {
      remedy: `read ${lab.layout.log(record.name)}`,
    });
  }
}
