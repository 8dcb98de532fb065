import type { PodReference } from '../../ipam/attachment.ts';
import { CniError, cniCode } from './error.ts';

/** What CNI_ARGS may say besides the pod; the order of the pairs is random with some runtimes. */
export interface CniArguments {
  readonly pod?: PodReference;
  /** `IP=10.1.2.3`: an address that the caller wants (CRI-O, podman `--ip`). */
  readonly ip?: string;
}

const known = new Set([
  'IgnoreUnknown',
  'IP',
  'MAC',
  'K8S_POD_NAMESPACE',
  'K8S_POD_NAME',
  'K8S_POD_UID',
  'K8S_POD_INFRA_CONTAINER_ID',
]);

/**
 * `K=V;K2=V2`, CONVENTIONS.md §CNI_ARGS. As with the reference library an unknown key is an error unless `IgnoreUnknown`
 * is `1` or `true`.
 * @throws CniError 4
 */
export function parseArguments(text: string): CniArguments {
  const pairs = new Map<string, string>();
  for (const pair of text.split(';')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    if (equals <= 0)
      throw new CniError(cniCode.badEnvironment, 'CNI_ARGS is malformed', `no KEY=VALUE: ${pair}`);
    pairs.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  const ignoreUnknown = /^(1|true)$/i.test(pairs.get('IgnoreUnknown') ?? '');
  const unknown = [...pairs.keys()].filter((key) => !known.has(key));
  if (unknown.length > 0 && !ignoreUnknown) {
    throw new CniError(cniCode.badEnvironment, 'CNI_ARGS has unknown keys', unknown.join(', '));
  }
  return select(pairs);
}

function select(pairs: ReadonlyMap<string, string>): CniArguments {
  const namespace = pairs.get('K8S_POD_NAMESPACE') ?? '';
  const name = pairs.get('K8S_POD_NAME') ?? '';
  const uid = pairs.get('K8S_POD_UID') ?? '';
  const ip = pairs.get('IP') ?? '';
  const pod = { namespace, name, ...(uid === '' ? {} : { uid }) };
  return { ...(name === '' ? {} : { pod }), ...(ip === '' ? {} : { ip }) };
}
