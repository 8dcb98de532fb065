import { join } from 'node:path';

/** Where everything of one node lives, so that three agents run on one machine. */
export interface NodeLayout {
  readonly root: string;
  readonly run: string;
  readonly state: string;
  readonly cniBin: string;
  readonly cniConf: string;
  /** What the container runtime remembers of its CNI calls. */
  readonly cniCache: string;
}

/** The lab directory: every file of the lab is below it. */
export interface LabLayout {
  readonly root: string;
  /** Marks the directory as a lab's; only a marked directory is ever removed. */
  readonly marker: string;
  readonly lock: string;
  readonly manifests: string;
  /** Executables put on the PATH inside nodes and pods. */
  readonly bin: string;
  /** The same for the router: `birdc` that knows its socket. */
  readonly routerBin: string;
  readonly processes: string;
  readonly logs: string;
  readonly bird: { readonly config: string; readonly socket: string; readonly pid: string };
  node(name: string): NodeLayout;
  log(process: string): string;
}

/** Short names: a unix socket's path has at most 107 bytes. */
export function labLayout(root: string): LabLayout {
  const below = (...parts: readonly string[]): string => join(root, ...parts);
  return {
    root,
    marker: below('lab.json'),
    lock: below('lock.json'),
    manifests: below('manifests'),
    bin: below('bin'),
    routerBin: below('router', 'bin'),
    processes: below('processes'),
    logs: below('logs'),
    bird: {
      config: below('router', 'bird.conf'),
      socket: below('router', 'bird.ctl'),
      pid: below('router', 'bird.pid'),
    },
    node: (name) => ({
      root: below(name),
      run: below(name, 'run'),
      state: below(name, 'state'),
      cniBin: below(name, 'cni', 'bin'),
      cniConf: below(name, 'cni', 'net.d'),
      cniCache: below(name, 'cni', 'results'),
    }),
    log: (process) => below('logs', `${process}.log`),
  };
}
