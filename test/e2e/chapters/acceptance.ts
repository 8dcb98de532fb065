import { expect, test } from 'vitest';
import { layout } from '../cluster/layout.ts';
import { until } from '../cluster/until.ts';
import { duringStreams } from '../probe/stream.ts';
import { type Stage, seconds } from '../stage.ts';
import { told } from './agents.ts';
import { condition } from './install.ts';

const apiVersion = 'gryphon.dev/v1alpha1';
const object = (kind: string, name: string, spec: object): object => ({
  apiVersion,
  kind,
  metadata: { name },
  spec,
});

/** Objects that the API server takes and the agents do not carry out as they are written, and what `kubectl describe` then shows. */
const rejected: readonly (readonly [kind: string, name: string, spec: object, message: RegExp])[] = [
  ['IPPool', 'pods', { cidr: '10.244.0.0/16', natOutgoing: true }, /^$/],
  ['IPPool', 'pods-again', { cidr: '10.244.128.0/17' }, /overlaps.*pods/],
  [
    'BGPPeer',
    'without-secret',
    { peerIP: '192.0.2.77', asNumber: 64600, password: { secretKeyRef: { name: 'bgp', key: 'password' } } },
    /Secret.*bgp/,
  ],
  ['BGPPeer', 'without-filter', { peerIP: '192.0.2.78', asNumber: 64600, filters: ['none'] }, /none/],
];

export function acceptance(stage: Stage): void {
  test('every agent tells how its node is', async () => {
    const { kubectl } = stage.cluster;
    // Whoever told of its node before it was ready tells again after five seconds.
    await until('three GryphonNodes are ready and show two sessions each', 30, async () => {
      const nodes = await kubectl.list('gryphonnodes');
      const isWell = nodes.map(({ status }) => status['ready'] === true && status['peersEstablished'] === 2);
      return isWell.length === 3 && isWell.every(Boolean);
    });
    const [first] = await kubectl.list('gryphonnodes');
    expect(first?.status).toMatchObject({
      ready: true,
      asNumber: 64512,
      addresses: [layout.nodes[0].ipv4, layout.nodes[0].ipv6],
      peersConfigured: 2,
      peers: [{ state: 'established' }, { state: 'established' }],
    });
  });

  test('what cannot be used is told in its status, and disturbs nothing else', async () => {
    const { kubectl } = stage.cluster;
    const result = await duringStreams(stage.probes, async () => {
      const start = Date.now();
      for (const [kind, name, spec] of rejected)
        await kubectl.apply(JSON.stringify(object(kind, name, spec)));
      for (const [kind, name, , message] of rejected) {
        const accepted = message.source === '^$';
        await until(`${kind} ${name} has a status`, 60, async () => {
          const found = condition(await kubectl.get(`${kind} ${name}`), 'Accepted');
          return found?.status === (accepted ? 'True' : 'False') && (accepted || message.test(found.message));
        });
      }
      stage.figure('from rejected objects to their status', seconds(Date.now() - start));
    });
    stage.figure('ping every 5 ms through rejected objects', told(result));
    expect(result).toMatchObject({ lost: 0, errors: [] });
  });

  test('what is mended is accepted', async () => {
    const { kubectl } = stage.cluster;
    await kubectl.do('--namespace gryphon-system create secret generic bgp --from-literal password=hush');
    await until('the peer is accepted', 60, async () => {
      const peer = await kubectl.get('bgppeer without-secret');
      return condition(peer, 'Accepted')?.status === 'True';
    });
    await kubectl.do('--namespace gryphon-system delete secret bgp');
    await kubectl.do('delete ippools,bgppeers --all');
  });

  test('no password is shown anywhere', async () => {
    const { kubectl } = stage.cluster;
    const texts = await Promise.all([
      kubectl.do('--namespace gryphon-system logs --selector k8s-app=gryphon --tail -1'),
      kubectl.do('get events --all-namespaces --output yaml'),
      kubectl.do('get gryphonnodes --output yaml'),
    ]);
    for (const text of texts) expect(text).not.toContain('hush');
  });
}
