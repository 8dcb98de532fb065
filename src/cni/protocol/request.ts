import type { AttachmentKey } from '../../ipam/attachment.ts';
import { type CniArguments, parseArguments } from './arguments.ts';
import { checkContainerID, checkInterfaceName, type Environment, parseEnvironment } from './environment.ts';
import { CniError, cniCode } from './error.ts';
import { type NetworkConfig, parseNetworkConfig } from './network-config.ts';
import { atLeast, type CniVersion, checkVersion } from './version.ts';

interface Common {
  readonly version: CniVersion;
  readonly config: NetworkConfig;
}

export interface AddRequest extends Common {
  readonly command: 'ADD';
  readonly key: AttachmentKey;
  readonly netns: string;
  readonly args: CniArguments;
}

export interface CheckRequest extends Common {
  readonly command: 'CHECK';
  readonly key: AttachmentKey;
  readonly netns: string;
}

/** `netns` may be empty, gone, or no namespace at all. */
export interface DelRequest extends Common {
  readonly command: 'DEL';
  readonly key: AttachmentKey;
  readonly netns: string;
}

export interface StatusRequest extends Common {
  readonly command: 'STATUS';
}

export interface GcRequest extends Common {
  readonly command: 'GC';
  readonly valid: readonly { readonly containerID: string; readonly ifname: string }[];
}

/** One valid call. VERSION never comes here: the shim answers it. */
export type CniRequest = AddRequest | CheckRequest | DelRequest | StatusRequest | GcRequest;

/** The version of the specification from which a command exists. */
const since: Readonly<Record<CniRequest['command'], CniVersion>> = {
  ADD: '0.3.1',
  DEL: '0.3.1',
  CHECK: '0.4.0',
  STATUS: '1.1.0',
  GC: '1.1.0',
};

const isCommand = (text: string): text is CniRequest['command'] => Object.hasOwn(since, text);

/**
 * The order and the codes of the reference library: missing variables (4), configuration no JSON (6), network name (7),
 * container ID (3, 4), interface name (4), unknown command (4), version (1).
 * @throws CniError
 */
export function parseRequest(env: ReadonlyMap<string, string>, stdin: string): CniRequest {
  const environment = parseEnvironment(env);
  const config = parseNetworkConfig(stdin);
  const { command } = environment;
  if (command !== 'STATUS' && command !== 'GC') {
    checkContainerID(environment.containerID);
    checkInterfaceName(environment.ifname);
  }
  if (!isCommand(command)) throw new CniError(cniCode.badEnvironment, `unknown CNI_COMMAND: ${command}`);
  const version = checkVersion(config.cniVersion);
  if (!atLeast(version, since[command])) {
    const details = `${command} exists since ${since[command]}, the config is ${version}`;
    throw new CniError(cniCode.incompatibleVersion, `config version does not allow ${command}`, details);
  }
  return build(command, environment, { version, config });
}

function build(command: CniRequest['command'], environment: Environment, common: Common): CniRequest {
  const { containerID, ifname, netns } = environment;
  const key = { network: common.config.name, containerID, ifname };
  switch (command) {
    case 'ADD':
      return { command, key, netns, args: parseArguments(environment.args), ...common };
    case 'CHECK':
    case 'DEL':
      return { command, key, netns, ...common };
    case 'STATUS':
      return { command, ...common };
    case 'GC':
      return { command, valid: validAttachments(common.config), ...common };
  }
}

/** A missing list is no empty list: an empty one says that nothing lives any more. */
function validAttachments(config: NetworkConfig): GcRequest['valid'] {
  if (config.validAttachments !== undefined) return config.validAttachments;
  throw new CniError(cniCode.badConfig, 'GC needs the list cni.dev/valid-attachments');
}
