import type { Problem } from '../../ports/problem.ts';
import type { Settings } from './schema.ts';

/** Bytes that the kernel takes as the path of a unix socket (`sun_path` without its final zero). */
const LONGEST_SOCKET_PATH = 107;

/** What the agent needs beyond single correct values; other commands get along without. Empty: it can start. */
export function checkAgentSettings(settings: Settings): Problem[] {
  const problems: Problem[] = [];
  const report = (subject: string, message: string, remedy: string): void => {
    problems.push({ code: 'GRY_SETTING_INVALID', severity: 'error', subject, message, remedy });
  };
  if (settings.nodeName === undefined) {
    report(
      'nodeName',
      'the agent does not know which node it is on',
      "set --node-name or GRYPHON_NODE_NAME to this node's name as kubectl get nodes shows it",
    );
  }
  if (settings.source === 'manifests' && settings.manifests === undefined) {
    report('manifests', 'the source is manifests, but no directory is set', 'set --manifests DIRECTORY');
  }
  if (Buffer.byteLength(settings.cniSocket) > LONGEST_SOCKET_PATH) {
    report(
      'cniSocket',
      `the path ${settings.cniSocket} is longer than the ${LONGEST_SOCKET_PATH} bytes of a socket's path`,
      'choose a shorter --run-dir or --cni-socket',
    );
  }
  return problems;
}
