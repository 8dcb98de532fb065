import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { inCheckout } from '../cluster/layout.ts';
import type { Machine } from '../cluster/machine.ts';
import { until } from '../cluster/until.ts';
import type { Stage } from '../stage.ts';

/** Whatever bears a mark of ours on a node: links, routes, rules, sets, files, processes. */
async function residue(machine: Machine): Promise<readonly string[]> {
  const lines = async (
    pattern: RegExp,
    file: string,
    ...args: readonly string[]
  ): Promise<readonly string[]> =>
    (await machine.exec(file, ...args)).split('\n').filter((line) => pattern.test(line));
  const found = await Promise.all([
    lines(/\bgry/, 'ip', '-oneline', 'link'),
    lines(/\bproto 71\b/, 'ip', 'route', 'show', 'table', 'all'),
    lines(/\bproto 71\b/, 'ip', '-6', 'route', 'show', 'table', 'all'),
    lines(/GRY-|gry:/, 'iptables-nft-save'),
    lines(/GRY-|gry:/, 'ip6tables-nft-save'),
    lines(/GRY-|gry/, 'nft', 'list', 'ruleset'),
    lines(/^gry/, 'ipset', 'list', '-name'),
    lines(/gryphon\.mjs|gryphon-cni/, 'ps', '-e', '-o', 'args'),
    lines(
      /gryphon/,
      'find',
      '/run',
      '/var/lib',
      '/etc/cni',
      '/opt/cni',
      '-xdev',
      '-name',
      '*gryphon*',
      ...notImages,
    ),
  ]);
  return found.flat();
}

/** What containerd and the kubelet keep of images and pods is theirs. */
const notImages = [
  '-not',
  '-path',
  '/var/lib/containerd/*',
  '-not',
  '-path',
  '/run/containerd/*',
  '-not',
  '-path',
  '/var/lib/kubelet/*',
];

const marks: readonly RegExp[] = [
  /gryp[0-9a-f]{11}/,
  /proto 71/,
  /GRY-/,
  /gry4-/,
  /gryphon\.mjs agent/,
  /05-gryphon\.conflist/,
];

export function uninstall(stage: Stage): void {
  test('what is looked for is there before', async () => {
    // What an earlier chapter deleted a moment ago may be on its way.
    await until('a node shows every mark', 30, async () => {
      const found = (await residue(stage.cluster.node(0).machine)).join('\n');
      for (const mark of marks) expect(found).toMatch(mark);
      return true;
    });
  });

  test('the documented steps leave nothing on any node', async () => {
    const { kubectl, nodes } = stage.cluster;
    await kubectl.do('delete namespace e2e --timeout 60s');
    await kubectl.do('--namespace gryphon-system delete daemonset gryphon --timeout 60s');
    const job = readFileSync(inCheckout('manifests/cleanup/job.yaml'), 'utf8');
    for (const { name } of nodes)
      await kubectl.run(['create', '--filename', '-'], job.replace(/NODE$/m, name));
    const jobs = '--selector app.kubernetes.io/component=cleanup';
    await kubectl.do(`--namespace gryphon-system wait --for=condition=complete --timeout=2m jobs ${jobs}`);
    expect(await kubectl.do(`--namespace gryphon-system logs ${jobs} --tail=-1`)).toContain(
      '05-gryphon.conflist',
    );
    await kubectl.run([
      'delete',
      '--filename',
      inCheckout('manifests/install.yaml'),
      '--ignore-not-found',
      '--timeout',
      '60s',
    ]);
    for (const { machine } of nodes) expect(await residue(machine)).toEqual([]);
  });

  test('nor in the API', async () => {
    const { kubectl } = stage.cluster;
    const kinds = await kubectl.do(
      'get crds,clusterroles,clusterrolebindings,validatingadmissionpolicies --output name',
    );
    expect(kinds.split('\n').filter((line) => line.includes('gryphon'))).toEqual([]);
  });

  test('and it can be installed once more', async () => {
    const { kubectl } = stage.cluster;
    await kubectl.run(['apply', '--filename', inCheckout('manifests/install.yaml')]);
    await kubectl.do('--namespace gryphon-system rollout status daemonset gryphon --timeout 60s');
    await kubectl.do('wait --for=condition=Ready nodes --all --timeout 60s');
  });
}
