import { expect, test } from 'vitest';
import { layout } from '../cluster/layout.ts';
import type { Target } from '../probe/ask.ts';
import {
  ask,
  HOST_PORT,
  NODE_PORT,
  type Probe,
  probePorts,
  serverFile,
  serviceAddresses,
  servicePorts,
} from '../probe/probes.ts';
import type { Stage } from '../stage.ts';

const protocols = ['tcp', 'udp'] as const;
const addresses = ({ ipv4, ipv6 }: { readonly ipv4: string; readonly ipv6: string }): readonly string[] => [
  ipv4,
  ipv6,
];

const askFrom = (probe: Probe, targets: readonly Target[]) =>
  ask(probe.node.machine, targets, probe.entrance);

export function traffic(stage: Stage): void {
  test('pods see each other by their own addresses, over TCP and UDP, in both families', async () => {
    for (const client of stage.probes) {
      const servers = stage.probes.flatMap((server) =>
        addresses(server).map((address, family) => ({ server, address, own: addresses(client)[family] })),
      );
      for (const protocol of protocols) {
        const targets = servers.map(({ address }) => ({ protocol, address, port: probePorts[protocol] }));
        const expected = servers.map(({ server, own }) => ({ host: server.node.name, from: own }));
        expect(await askFrom(client, targets)).toEqual(expected);
      }
    }
  });

  test.each([
    [0, 'iptables'],
    [1, 'nftables'],
  ])('services work from node %i, where kube-proxy is in the mode %s', async (index) => {
    const client = stage.probes[index]!;
    const virtual = await serviceAddresses(stage.cluster);
    expect(virtual).toHaveLength(2);
    const targets = protocols.flatMap((protocol) =>
      virtual.map((address) => ({ protocol, address, port: servicePorts[protocol] })),
    );
    // Often enough that every endpoint is chosen.
    const rounds = await Promise.all(Array.from({ length: 10 }, () => askFrom(client, targets)));
    expect(rounds.flat().filter(({ error }) => error !== undefined)).toEqual([]);
    expect(new Set(rounds.flat().map(({ host }) => host))).toEqual(
      new Set(layout.nodes.map(({ name }) => name)),
    );
    // Whom a service leads back to itself sees its node: kube-proxy has to turn such packets round.
    const others = rounds.flat().filter(({ host }) => host !== client.node.name);
    expect(others.filter(({ from }) => !addresses(client).includes(from ?? ''))).toEqual([]);
  });

  test('node ports answer on every node', async () => {
    const targets = layout.nodes.flatMap((node) =>
      addresses(node).map((address) => ({ protocol: 'tcp' as const, address, port: NODE_PORT })),
    );
    for (const answer of await ask(stage.cluster.router, targets)) expect(answer.error).toBeUndefined();
  });

  test('host ports answer from outside, from other pods and on the node itself', async () => {
    const onNode = (node: (typeof layout.nodes)[number]): readonly Target[] =>
      addresses(node).map((address) => ({ protocol: 'tcp', address, port: HOST_PORT }));
    const targets = layout.nodes.flatMap(onNode);
    const hosts = layout.nodes.flatMap(({ name }) => [name, name]);
    expect((await ask(stage.cluster.router, targets)).map(({ host }) => host)).toEqual(hosts);
    expect((await askFrom(stage.probes[0]!, targets)).map(({ host }) => host)).toEqual(hosts);
    const local = [{ protocol: 'tcp' as const, address: '127.0.0.1', port: HOST_PORT }];
    expect(await ask(stage.cluster.node(1).machine, local)).toMatchObject([{ host: 'node-2' }]);
  });

  test('pods reach the API server', async () => {
    const { kubectl } = stage.cluster;
    const script = `
      const token = require('node:fs').readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/token', 'utf8');
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
      fetch('https://10.96.0.1/version', { headers: { authorization: 'Bearer ' + token } })
        .then((answer) => answer.json()).then(({ gitVersion }) => console.log(gitVersion));`;
    for (const { name } of stage.probes) {
      const answer = await kubectl.run(['--namespace', 'e2e', 'exec', name, '--', 'node', '--eval', script]);
      expect(answer).toMatch(/^v1\./);
    }
  });

  test('what leaves the cluster bears the address of the node', async () => {
    const { outside } = stage.cluster;
    const server = outside.start('server', ['env', 'PROBE_HOST=outside', process.execPath, serverFile]);
    const targets = protocols.flatMap((protocol) =>
      addresses(layout.outside).map((address) => ({ protocol, address, port: probePorts[protocol] })),
    );
    const [ready] = targets;
    await expect.poll(() => ask(outside, [ready!]), { timeout: 10_000 }).toMatchObject([{ host: 'outside' }]);
    for (const probe of stage.probes) {
      const [ipv4, ipv6] = addresses(probe.node.place);
      const expected = [ipv4, ipv6, ipv4, ipv6].map((address) => ({ host: 'outside', from: address }));
      expect(await askFrom(probe, targets)).toEqual(expected);
    }
    await server.kill('SIGKILL');
  });
}
