import { CniError, cniCode } from './error.ts';

/** The parameters of one call, CNI 1.1.0 §Parameters; absent ones are empty. */
export interface Environment {
  readonly command: string;
  readonly containerID: string;
  readonly netns: string;
  readonly ifname: string;
  readonly args: string;
  readonly path: string;
}

const attach = ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'];
const detach = ['CNI_CONTAINERID', 'CNI_IFNAME', 'CNI_PATH'];

/** What each command needs, as the reference library demands it (it asks for CNI_PATH, the specification does not). */
const required: ReadonlyMap<string, readonly string[]> = new Map([
  ['ADD', attach],
  ['CHECK', attach],
  ['DEL', detach],
  ['GC', ['CNI_PATH']],
  ['STATUS', ['CNI_PATH']],
]);

/** @throws CniError 4 naming every variable that is missing */
export function parseEnvironment(env: ReadonlyMap<string, string>): Environment {
  const get = (name: string): string => env.get(name) ?? '';
  const command = get('CNI_COMMAND');
  const missing = ['CNI_COMMAND', ...(required.get(command) ?? [])].filter((name) => get(name) === '');
  if (missing.length > 0) {
    throw new CniError(cniCode.badEnvironment, `required env variables [${missing.join(',')}] missing`);
  }
  return {
    command,
    containerID: get('CNI_CONTAINERID'),
    netns: get('CNI_NETNS'),
    ifname: get('CNI_IFNAME'),
    args: get('CNI_ARGS'),
    path: get('CNI_PATH'),
  };
}

/** Container IDs and network names: CNI 1.1.0 §Parameters and §Configuration format. */
export const isIdentifier = (text: string): boolean => /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(text);

/** @throws CniError 3 when empty, 4 when invalid */
export function checkContainerID(containerID: string): void {
  if (containerID === '') throw new CniError(cniCode.unknownContainer, 'missing containerID');
  if (!isIdentifier(containerID)) {
    throw new CniError(
      cniCode.badEnvironment,
      'invalid characters in containerID',
      `CNI_CONTAINERID is ${containerID}`,
    );
  }
}

/** Names that the kernel takes (dev_valid_name): at most 15 bytes. @throws CniError 4 */
export function checkInterfaceName(ifname: string): void {
  const reason = interfaceNameProblem(ifname);
  if (reason === undefined) return;
  throw new CniError(
    cniCode.badEnvironment,
    `interface name ${reason}`,
    `CNI_IFNAME is ${JSON.stringify(ifname)}`,
  );
}

function interfaceNameProblem(ifname: string): string | undefined {
  if (ifname === '') return 'is empty';
  if (Buffer.byteLength(ifname) > 15) return 'is too long: at most 15 bytes';
  if (ifname === '.' || ifname === '..') return 'is . or ..';
  if (/[/:\s\0]/.test(ifname)) return 'contains / or : or whitespace characters';
  return undefined;
}
