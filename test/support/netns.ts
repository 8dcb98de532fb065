import { spawnSync } from 'node:child_process';
import { execa } from 'execa';
import { inNetns } from '../../src/netlink/netns.ts';
import { Rtnetlink } from '../../src/netlink/rtnetlink.ts';

/** A network namespace of a test: unique name, loopback up, removed whatever happens. */
export interface TestNetns extends Disposable {
  readonly name: string;
  readonly path: string;
  /** Runs a program inside and gives its standard output; throws when it fails. */
  exec(file: string, ...args: string[]): Promise<string>;
  /** `exec('ip', …)`, with the command line as people write it: `ip('route add 10.0.0.0/8 dev v0')`. */
  ip(line: string): Promise<string>;
  /** Runs a synchronous function inside, on this thread. */
  run<T>(fn: () => T): T;
  /** A netlink handle that belongs to this namespace; closed with it. */
  readonly netlink: Rtnetlink;
  remove(): void;
}

const live = new Set<string>();
let counter = 0;

const remove = (name: string): void => {
  spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
  live.delete(name);
};

// Also when a test process exits early; `exit` allows synchronous work only.
process.on('exit', () => {
  for (const name of live) remove(name);
});

/** Makes a namespace named `grytest-<pid>-<n>`. */
export async function createNetns(): Promise<TestNetns> {
  const name = `grytest-${process.pid}-${counter++}`;
  live.add(name);
  await execa('ip', ['netns', 'add', name]);
  const path = `/var/run/netns/${name}`;
  const exec = async (file: string, ...args: string[]): Promise<string> => {
    const result = await execa('nsenter', [`--net=${path}`, file, ...args]);
    return result.stdout;
  };
  const netlink = inNetns(path, () => Rtnetlink.open());
  netlink.run([{ kind: 'link.set', link: { name: 'lo' }, up: true }]);
  const dispose = (): void => {
    netlink.close();
    remove(name);
  };
  return {
    name,
    path,
    exec,
    ip: (line) => exec('ip', ...line.split(' ')),
    run: (fn) => inNetns(path, fn),
    netlink,
    remove: dispose,
    [Symbol.dispose]: dispose,
  };
}

/** Runs `fn` with a fresh namespace and removes it afterwards. */
export async function withNetns<T>(fn: (netns: TestNetns) => Promise<T> | T): Promise<T> {
  using netns = await createNetns();
  return await fn(netns);
}

/** One end of a cable: in which namespace, under which name, with which addresses (`192.0.2.1/24`). */
export interface CableEnd {
  readonly netns: TestNetns;
  readonly name: string;
  readonly addresses?: readonly string[];
}

/** Connects two namespaces (or one with itself) by a veth pair, both ends up, IPv6 usable at once (no DAD). */
export async function connect(a: CableEnd, b: CableEnd): Promise<void> {
  await a.netns.ip(`link add ${a.name} type veth peer name ${b.name} netns ${b.netns.name}`);
  for (const end of [a, b]) {
    // Not only its addresses: while the link-local one is tentative, nobody can be asked for a neighbour, and packets wait a second or are lost.
    await end.netns.exec('sysctl', '-qw', `net.ipv6.conf.${end.name}.accept_dad=0`);
    for (const address of end.addresses ?? [])
      await end.netns.ip(`address add ${address} dev ${end.name}${address.includes(':') ? ' nodad' : ''}`);
    await end.netns.ip(`link set ${end.name} up`);
  }
}

/** A namespace that is an Ethernet switch: whoever is plugged into it shares one subnet. */
export async function createSwitch(): Promise<TestNetns> {
  const netns = await createNetns();
  await netns.ip('link add br0 type bridge');
  await netns.ip('link set br0 up');
  return netns;
}
