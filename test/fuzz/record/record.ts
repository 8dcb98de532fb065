/**
 * `node test/fuzz/record/record.ts [NAME…]`: makes the installed daemons say what `test/bgp/wire/vectors` wants to have heard from
 * somebody else, in throw-away namespaces, and prints it in hex, each message once. As root.
 */
import { execa } from 'execa';
import { NetnsProcess } from '../../interop/process.ts';
import { connect, createNetns, type TestNetns } from '../../support/netns.ts';
import type { Part, Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const PEER = new URL('./peer.ts', import.meta.url).pathname;

/** How each is started in the foreground, with everything it owns in a directory of its own. */
const COMMANDS: Readonly<Record<Scenario['daemon'], (file: (name: string) => string) => string>> = {
  bird: (file) => `/usr/sbin/bird -f -c ${file('conf')} -s ${file('ctl')} -P ${file('pid')}`,
  frr: (file) =>
    `/usr/lib/frr/bgpd --no_zebra --no_kernel --skip_runas --vty_port 0 --vty_socket ${file('.')} -f ${file('conf')} -i ${file('pid')} -z ${file('zserv')}`,
  exabgp: (file) => `/usr/sbin/exabgp ${file('conf')}`,
};

const EXABGP = {
  'exabgp.daemon.user': 'root',
  'exabgp.tcp.bind': '10.9.9.2',
  'exabgp.tcp.port': '179',
  'exabgp.api.cli': 'false',
};

class Daemon extends NetnsProcess {
  readonly #scenario: Scenario;

  constructor(netns: TestNetns, scenario: Scenario) {
    super(netns, scenario.daemon);
    this.#scenario = scenario;
    this.write('conf', scenario.config);
    const command = COMMANDS[scenario.daemon]((name) => this.file(name));
    this.run(command.split(' '), EXABGP);
  }

  async ask(command: string): Promise<void> {
    if (this.#scenario.daemon === 'bird') await execa('birdc', ['-s', this.file('ctl'), command]);
    else await execa('vtysh', ['--vty_socket', this.file('.'), '-c', command]);
  }
}

const sleep = async (ms: number): Promise<void> =>
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

async function listen(us: TestNetns, part: Part): Promise<readonly string[]> {
  const { stdout, stderr } = await execa('nsenter', [
    `--net=${us.path}`,
    process.execPath,
    PEER,
    JSON.stringify(part),
  ]);
  if (stderr !== '') console.error(stderr);
  return [...new Set(stdout.split('\n').filter((line) => line !== ''))];
}

async function record(us: TestNetns, them: TestNetns, scenario: Scenario): Promise<void> {
  await using daemon = new Daemon(them, scenario);
  await sleep(2_000);
  const heard = listen(us, scenario.part);
  for (const { after, command } of scenario.ask ?? []) {
    await sleep(after);
    await daemon.ask(command);
  }
  for (const hex of await heard) console.log(`${scenario.daemon} ${scenario.name}: ${hex}`);
}

const wanted = process.argv.slice(2);
const us = await createNetns();
const them = await createNetns();
await connect(
  { netns: us, name: 'eth0', addresses: ['10.9.9.1/24', 'fd09::1/64'] },
  { netns: them, name: 'eth0', addresses: ['10.9.9.2/24', 'fd09::2/64'] },
);
try {
  for (const scenario of SCENARIOS)
    if (wanted.length === 0 || wanted.includes(scenario.name)) await record(us, them, scenario);
} finally {
  us.remove();
  them.remove();
}
