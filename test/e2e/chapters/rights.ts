import { expect, test } from 'vitest';
import { inCheckout, layout } from '../cluster/layout.ts';
import type { Stage } from '../stage.ts';

export function rights(stage: Stage): void {
  /** A token as the agent of this node has it: bound to its pod, and so to the node. */
  const tokenOf = async (node: string): Promise<string> => {
    const { kubectl } = stage.cluster;
    const pods = await kubectl.list('--namespace gryphon-system pods --selector k8s-app=gryphon');
    const pod = pods.find(({ spec }) => spec['nodeName'] === node);
    const bound = `--bound-object-kind Pod --bound-object-name ${pod?.metadata.name}`;
    return await kubectl.do(`--namespace gryphon-system create token gryphon ${bound}`);
  };

  /** The code of the API server's answer to who has this token, and what it says. */
  const send = async (token: string, method: string, path: string, body: object): Promise<string> => {
    const headers = [
      `authorization: Bearer ${token}`,
      `content-type: application/${method === 'PATCH' ? 'merge-patch+json' : 'json'}`,
    ].flatMap((header) => ['--header', header]);
    const data = method === 'GET' ? [] : ['--data', JSON.stringify(body)];
    const options = ['--silent', '--insecure', '--request', method, '--write-out', ' %{http_code}'];
    return await stage.cluster.controlPlane.exec(
      'curl',
      ...options,
      ...headers,
      ...data,
      `${layout.apiServer}${path}`,
    );
  };

  const annotation = { metadata: { annotations: { 'example.com/e2e': 'true' } } };
  const label = { metadata: { labels: { 'example.com/e2e': 'true' } } };
  const condition = { status: { conditions: [{ type: 'NetworkUnavailable', status: 'False' }] } };
  const peers = '/apis/gryphon.dev/v1alpha1/bgppeers';

  test.each([
    ['annotates its own Node', 'PATCH', '/api/v1/nodes/node-1', annotation, / 200$/],
    [
      'does not annotate another one',
      'PATCH',
      '/api/v1/nodes/node-2',
      annotation,
      /gryphon-own-node.*node-1.* 403$/s,
    ],
    [
      'does not change the state of another one',
      'PATCH',
      '/api/v1/nodes/node-2/status',
      condition,
      /gryphon-own-node.* 403$/s,
    ],
    ['does not label its Node', 'PATCH', '/api/v1/nodes/node-1', label, /changes no labels.* 403$/s],
    ['does not delete its Node', 'DELETE', '/api/v1/nodes/node-1', {}, / 403$/],
    ['does not list Secrets', 'GET', '/api/v1/namespaces/kube-system/secrets', {}, / 403$/],
    ['does not read a Secret of others', 'GET', '/api/v1/namespaces/e2e/secrets/a', {}, / 403$/],
    ['does not see pods', 'GET', '/api/v1/namespaces/e2e/pods', {}, / 403$/],
    ['does not make pods', 'POST', '/api/v1/namespaces/e2e/pods', {}, / 403$/],
    ['does not make peers', 'POST', peers, {}, / 403$/],
    ['does not delete peers', 'DELETE', peers, {}, / 403$/],
  ])('an agent %s', async (_, method, path, body, answer) => {
    expect(await send(await tokenOf('node-1'), method, path, body)).toMatch(answer);
  });

  test.each(['default', 'dual-stack', 'host-pid', 'top-of-rack'])(
    'the API server takes the overlay %s',
    async (name) => {
      const overlay = inCheckout(`manifests/overlays/${name}`);
      const answer = await stage.cluster.kubectl.run(['apply', '--dry-run=server', '--kustomize', overlay]);
      expect(answer).toContain('daemonset.apps/gryphon');
    },
  );
}
