import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentNode, nodeManifest } from '../support/agent-node.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';

/** What every agent here stands on: a cable to `outside`, where 192.0.2.1 and 192.0.2.254 answer. */
let outside: TestNetns;

beforeAll(async () => {
  outside = await createNetns();
});
afterAll(() => outside.remove());

const own = nodeManifest('node-a', ['10.244.1.0/24', 'fd00:244:1::/64'], ['192.0.2.10', '2001:db8::10']);
const other = nodeManifest('node-b', ['10.244.2.0/24', 'fd00:244:2::/64'], ['192.0.2.11', '2001:db8::11']);
const uplink = ['192.0.2.10/24', '2001:db8::10/64'];

/** Without BGP everything comes from the Node objects: enough for what is looked at here. */
const noBgp = ['--bgp', 'off'] as const;

async function ready(node: AgentNode): Promise<void> {
  await node.until(
    'the first pass',
    async () => (await node.status()).checks.find((c) => c.name === 'applied')?.ok,
  );
}

const codes = async (node: AgentNode): Promise<readonly string[]> =>
  (await node.status()).problems.map((p) => p.code);

const both = [
  'blackhole 10.244.1.0/24',
  '10.244.2.0/24 via 192.0.2.11 dev eth0 src 192.0.2.10',
  'blackhole fd00:244:1::/64 dev lo metric 1024 pref medium',
  'fd00:244:2::/64 via 2001:db8::11 dev eth0 src 2001:db8::10 metric 1024 pref medium',
];

describe('routes', () => {
  it('follow the manifests within a second, and a broken file changes nothing', async () => {
    await using node = await AgentNode.create(outside, uplink);
    node.write('a.yaml', own);
    node.write('b.yaml', other);
    node.start('node-a', ...noBgp);
    await ready(node);
    expect(await node.routes()).toEqual(both);

    node.write('b.yaml', 'kind: Node\n  metadata: [');
    const problem = await node.until('the broken file', async () =>
      (await node.status()).problems.find((p) => p.subject.startsWith('b.yaml')),
    );
    expect(problem.subject).toMatch(/^b\.yaml:\d/);
    expect(await node.routes()).toEqual(both);

    node.write('b.yaml', nodeManifest('node-b', ['10.244.3.0/24'], ['192.0.2.11']));
    await node.until('the new podCIDR', async () =>
      (await node.routes()).includes('10.244.3.0/24 via 192.0.2.11 dev eth0 src 192.0.2.10'),
    );
    expect(await node.routes()).not.toContain(both[1]);

    fs.unlinkSync(node.path('manifests', 'b.yaml'));
    await node.until('the node to be gone', async () => (await node.routes()).length === 2);
    expect(await node.stop()).toBe(0);
  });

  it('of an earlier run are swept when nobody wants them, and others are never touched', async () => {
    await using node = await AgentNode.create(outside, uplink);
    node.write('a.yaml', own);
    await node.netns.ip('route add blackhole 10.244.9.0/24 proto 71');
    await node.netns.ip('route add 10.244.8.0/24 via 192.0.2.11 proto 71');
    await node.netns.ip('route add 10.244.7.0/24 via 192.0.2.11 proto 99');
    const foreign = await node.netns.ip('route show proto 99');
    node.start('node-a', ...noBgp);
    await ready(node);
    expect(await node.routes()).toEqual([both[0], both[2]]);
    expect(await node.netns.ip('route show proto 99')).toBe(foreign);
  });

  it('outlive the agent, and the next one writes nothing', async () => {
    await using node = await AgentNode.create(outside, uplink);
    node.write('a.yaml', own + other);
    node.start('node-a', ...noBgp);
    await ready(node);
    await node.stop('SIGKILL');
    expect(await node.routes()).toEqual(both);
    node.start('node-a', ...noBgp);
    await ready(node);
    expect(await node.routes()).toEqual(both);
    const { drivers } = await node.status();
    expect(Object.fromEntries(drivers.map((d) => [d.name, d.written]))).toMatchObject({
      routes: 0,
      firewall: 0,
      sysctls: 0,
    });
  });

  it('that somebody deletes come back by kernel event, at once', async () => {
    await using node = await AgentNode.create(outside, uplink);
    node.write('a.yaml', own + other);
    node.start('node-a', ...noBgp);
    await ready(node);
    await node.netns.ip('route del 10.244.2.0/24');
    await node.netns.ip('-6 route del fd00:244:2::/64');
    await node.until('the repair', async () => (await node.routes()).length === 4);
    await node.until('the count', async () =>
      (await node.status()).drivers.some((d) => d.name === 'routes' && d.repaired >= 2),
    );
  });

  it('survive the uplink going down and up', async () => {
    await using node = await AgentNode.create(outside, uplink);
    await node.netns.exec('sysctl', '-q', '-w', 'net.ipv6.conf.eth0.keep_addr_on_down=1');
    node.write('a.yaml', own + other);
    node.start('node-a', ...noBgp);
    await ready(node);
    await node.netns.ip('link set eth0 down');
    await node.until('the loss', async () => (await node.routes()).length === 2);
    await node.netns.ip('link set eth0 up');
    await node.until('the return', async () => (await node.routes()).length === 4);
  });
});

it('repairs flushed rules and sets at the next reading back, and counts it', async () => {
  await using node = await AgentNode.create(outside, uplink);
  node.write('a.yaml', own);
  node.start('node-a', ...noBgp, '--resync-interval', '5');
  await ready(node);
  const rules = async (): Promise<readonly string[]> =>
    (await node.netns.exec('iptables-save')).split('\n').filter((l) => l.includes('GRY-'));
  const before = await rules();
  expect(before.length).toBeGreaterThan(5);
  await node.netns.exec('iptables', '-t', 'nat', '-F');
  await node.netns.exec('iptables', '-F');
  await node.netns.exec('ipset', 'flush', 'gry4-nat-exempt');
  await node.until('the repair', async () => (await rules()).join() === before.join());
  await node.until('the count', async () =>
    (await node.status()).drivers.some((d) => d.name === 'firewall' && d.repaired > 0),
  );
  expect(await node.netns.exec('ipset', 'list', 'gry4-nat-exempt')).toContain('192.0.2.10');
});

it('turns forwarding on and keeps listening to router advertisements', async () => {
  await using node = await AgentNode.create(outside, uplink);
  const read = (name: string): Promise<string> => node.netns.exec('sysctl', '-n', name);
  await node.netns.ip('link add eth1 type veth peer name other1');
  await node.netns.exec(
    'sysctl',
    '-q',
    '-w',
    'net.ipv6.conf.eth1.accept_ra=1',
    'net.ipv6.conf.eth0.accept_ra=1',
  );
  node.write('a.yaml', own);
  node.start('node-a', ...noBgp);
  await ready(node);
  expect(
    await Promise.all(
      [
        'net.ipv4.ip_forward',
        'net.ipv6.conf.all.forwarding',
        'net.ipv6.conf.eth0.accept_ra',
        'net.ipv6.conf.eth1.accept_ra',
      ].map(read),
    ),
  ).toEqual(['1', '1', '2', '1']);
});

describe('bad input gives one clear message, and the rest goes on', () => {
  it('unknown node name', async () => {
    await using node = await AgentNode.create(outside, uplink);
    node.write('b.yaml', other);
    node.start('node-x', ...noBgp);
    await ready(node);
    expect(await codes(node)).toEqual(['GRY_NODE_UNKNOWN']);
    expect((await node.status()).checks.find((c) => c.name === 'conflist')).toMatchObject({
      ok: false,
      detail: 'there is no Node object node-x',
    });
    expect(await node.routes()).toHaveLength(2);
  });

  it('podCIDR missing, then late', async () => {
    await using node = await AgentNode.create(outside, uplink);
    node.write('a.yaml', nodeManifest('node-a', [], ['192.0.2.10']));
    node.start('node-a', ...noBgp);
    await ready(node);
    expect(await codes(node)).toEqual(['GRY_POD_CIDR_MISSING']);
    node.write('a.yaml', own);
    await node.until('the podCIDR', async () => (await node.routes()).length === 2);
    expect(await codes(node)).toEqual([]);
  });

  it('podCIDR and address that another node has too', async () => {
    await using node = await AgentNode.create(outside, uplink);
    node.write(
      'a.yaml',
      own + other + nodeManifest('node-c', ['10.244.2.128/25', '10.244.3.0/24'], ['192.0.2.11']),
    );
    node.start('node-a', ...noBgp);
    await ready(node);
    expect(await codes(node)).toEqual(['GRY_POD_CIDR_OVERLAP', 'GRY_NODE_ADDRESS_DUPLICATE']);
    expect(await node.routes()).toEqual(both);
  });

  it('a directory of manifests that is not there yet', async () => {
    await using node = await AgentNode.create(outside, uplink);
    fs.rmdirSync(node.path('manifests'));
    node.start('node-a', ...noBgp);
    const problem = await node.until('the problem', async () => (await node.status()).problems[0]);
    expect(problem.message).toMatch(/does not exist|no such/i);
    const { ready: isReady, checks } = await node.status();
    expect(isReady).toBe(false);
    expect(checks.find((c) => c.name === 'conflist')?.detail).toBe('waiting for manifests');
    fs.mkdirSync(node.path('manifests'));
    node.write('a.yaml', own);
    await ready(node);
  });

  it('the BGP port and the API port are taken; a peer refuses', async () => {
    await using node = await AgentNode.create(outside, uplink, ['192.0.2.1/24']);
    node.write(
      'a.yaml',
      own +
        other +
        'apiVersion: gryphon.dev/v1alpha1\nkind: BGPPeer\nmetadata: {name: tor}\nspec: {peerIP: "192.0.2.1:1", asNumber: 64600}\n',
    );
    const script =
      "require('net').createServer().listen(179, '192.0.2.10', () => require('net').createServer().listen(17180, () => console.log('up')))";
    await using squatter = await squat(node.netns, script);
    node.start('node-a');
    await ready(node);
    const all = await node.until('both problems', async () => {
      const { problems } = await node.status();
      return problems.length >= 2 && problems;
    });
    for (const port of ['179', '17180']) {
      const problem = all.find((p) => `${p.subject} ${p.message} ${p.remedy}`.includes(port));
      expect(problem, `port ${port} in ${JSON.stringify(all)}`).toBeDefined();
      expect(problem?.remedy).not.toBe('');
    }
    const peers = await node.until('why the peer is down', async () => {
      const text = await node.gryphon('peers');
      return text.includes('refused') && text;
    });
    expect(peers).toMatch(/peer\/tor .*refused/);
    expect(squatter.pid).toBeGreaterThan(0);
  });

  it('no iptables: routes and pods work all the same', async () => {
    await using node = await AgentNode.create(outside, uplink);
    node.write('a.yaml', own);
    const path = process.env.PATH;
    process.env.PATH = '/usr/bin:/bin';
    try {
      // iptables and ipset live in /usr/sbin.
      node.start('node-a', ...noBgp);
    } finally {
      process.env.PATH = path;
    }
    const failures = await node.until('the failure', async () => {
      const firewall = (await node.status()).drivers.find((d) => d.name === 'firewall');
      return firewall !== undefined && firewall.failures.length > 0 && firewall.failures;
    });
    expect(failures.map((f) => f.code)).toContain('GRY_IPTABLES_MISSING');
    expect(failures[0]?.reason).toMatch(/install (ipset|iptables)/);
    expect(await node.routes()).toEqual([both[0], both[2]]);
  });

  it('no NET_ADMIN: says which capability is missing', async () => {
    await using node = await AgentNode.create(outside, uplink);
    node.write('a.yaml', own);
    node.startWithout('cap_net_admin', 'node-a', ...noBgp);
    const failure = await node.until(
      'the failure',
      async () => (await node.status()).drivers.find((d) => d.name === 'routes')?.failures[0],
    );
    expect(failure.reason).toMatch(/NET_ADMIN/);
  });

  it('settings that cannot be: exit code 2 and what to write instead', async () => {
    await using node = await AgentNode.create(outside, uplink);
    node.start('node-a', '--bgp-port', '99999');
    expect(await node.ended()).toBe(2);
    expect(node.log()).toMatch(/--bgp-port: .*99999/);
  });
});

/** A process that holds ports inside a namespace. */
async function squat(netns: TestNetns, script: string): Promise<AsyncDisposable & { readonly pid: number }> {
  const { spawn } = await import('node:child_process');
  const child = spawn('nsenter', [`--net=${netns.path}`, process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  return {
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGKILL');
      await ended;
    },
  };
}
