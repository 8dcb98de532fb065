import type { Attachment } from '../../ipam/attachment.ts';
import { hostPrefix } from '../../net/prefix.ts';
import { podProblems } from '../link/inspect.ts';
import { CniError, cniCode } from '../protocol/error.ts';
import type { CheckRequest } from '../protocol/request.ts';
import { type CniResult, parseResult } from '../protocol/result.ts';
import type { OperationContext } from './context.ts';
import { openPodNetns } from './pod-netns.ts';

/**
 * CNI 1.1.0 §CHECK: what ADD made is still there, and prevResult still tells of it. What a later plugin may have added or
 * changed is not looked at.
 * @throws CniError
 */
export async function check(
  request: CheckRequest,
  signal: AbortSignal,
  context: OperationContext,
): Promise<void> {
  const { key, config, netns: path } = request;
  if (config.prevResult === undefined) throw new CniError(cniCode.badConfig, 'CHECK needs prevResult');
  const previous = parseResult(config.prevResult);
  const attachment = context.ipam.get(key);
  if (attachment?.state !== 'configured')
    throw new CniError(cniCode.checkFailed, 'the container has no addresses of this node');
  using netns = openPodNetns(path);
  const problems = [
    ...resultProblems(previous, attachment, path),
    ...podProblems(netns, key.ifname, attachment.addresses),
    ...(await context.links.problems(attachment, signal)),
  ];
  if (problems.length > 0)
    throw new CniError(cniCode.checkFailed, 'the pod link is damaged', problems.join('; '));
}

function resultProblems(previous: CniResult, attachment: Attachment, sandbox: string): readonly string[] {
  const { ifname, addresses } = attachment;
  const told = new Set(previous.ips.map((ip) => ip.address));
  const listed = previous.interfaces.some((link) => link.name === ifname && link.sandbox === sandbox);
  return [
    ...(listed ? [] : [`prevResult has no interface ${ifname} in ${sandbox}`]),
    ...addresses
      .filter((own) => !told.has(hostPrefix(own)))
      .map((own) => `prevResult lacks the address ${own}`),
  ];
}
