import { API_ADDRESS, enter, type Lab } from './lab.ts';
import type { LabNode } from './topology.ts';
import type { Argv } from './wiring.ts';

/** How the agent of one node is started: as on a real node, with directories of its own. */
export function agentCommand(lab: Lab, node: LabNode): Argv {
  const { run, state, cniBin, cniConf } = lab.layout.node(node.name);
  return enter(lab, node.name, [
    ...lab.program,
    'agent',
    '--source=manifests',
    `--manifests=${lab.layout.manifests}`,
    `--node-name=${node.name}`,
    `--run-dir=${run}`,
    `--state-dir=${state}`,
    `--cni-bin-dir=${cniBin}`,
    `--cni-conf-dir=${cniConf}`,
  ]);
}

export interface Readiness {
  readonly ready: boolean;
  /** The checks, one per line, or why the API did not answer. */
  readonly detail: string;
}

/** Asks an agent's `/readyz?verbose`, from inside its node. */
export async function askReadiness(lab: Lab, node: LabNode): Promise<Readiness> {
  const url = `http://${API_ADDRESS}/readyz?verbose`;
  const argv = ['curl', '--silent', '--show-error', '--max-time', '2', '--write-out', '\n%{http_code}', url];
  const { stdout, stderr } = await lab.run(enter(lab, node.name, argv));
  const end = stdout.lastIndexOf('\n');
  const body = stdout.slice(0, end).trim();
  return { ready: stdout.slice(end + 1) === '200', detail: body === '' ? stderr.trim() : body };
}
