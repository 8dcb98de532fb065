import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prefix } from '../../src/net/prefix.ts';
import { CniNode, type PluginCall, type PluginDocument, shim } from '../support/cni-node.ts';
import { MountSpace } from '../support/mount-space.ts';

/** Where Debian puts the reference plugins. */
const plugins = process.env['GRYPHON_TEST_CNI_PLUGINS'] ?? '/usr/lib/cni';

const good: PluginCall = { command: 'ADD', containerID: 'c1', netns: '/var/run/netns/grytest-none' };
const stdin = (config: object): string => JSON.stringify({ cniVersion: '1.0.0', name: 'n', ...config });

/** Calls with one fault or several: whoever calls must hear of the same one first, whichever plugin it is. */
const faulty: readonly (readonly [what: string, call: PluginCall])[] = [
  ['no container', { ...good, containerID: '' }],
  ['no namespace', { ...good, netns: '' }],
  ['no interface', { ...good, ifname: '' }],
  ['no container, no JSON', { ...good, containerID: '', stdin: '{' }],
  ['no JSON', { ...good, stdin: '{' }],
  ['nothing on stdin', { ...good, stdin: '' }],
  ['a list', { ...good, stdin: '[]' }],
  ['no JSON, a wrong container', { ...good, containerID: '/', stdin: '{' }],
  ['no name', { ...good, stdin: '{}' }],
  ['no name, a wrong container', { ...good, containerID: '/', stdin: stdin({ name: '' }) }],
  ['a wrong name', { ...good, stdin: stdin({ name: 'a/b' }) }],
  ['a wrong container', { ...good, containerID: 'a/b', stdin: stdin({}) }],
  ['a wrong container, a wrong interface', { ...good, containerID: 'a/b', ifname: 'a/b', stdin: stdin({}) }],
  ['a wrong interface', { ...good, ifname: 'a:b', stdin: stdin({}) }],
  ['a long interface', { ...good, ifname: 'sixteen-letters-', stdin: stdin({}) }],
  ['a wrong interface, an unknown version', { ...good, ifname: '..', stdin: stdin({ cniVersion: '9.9.9' }) }],
  ['an unknown version', { ...good, stdin: stdin({ cniVersion: '9.9.9' }) }],
  [
    'DEL of an unknown version',
    { ...good, command: 'DEL', netns: '', stdin: stdin({ cniVersion: '9.9.9' }) },
  ],
  ['CHECK before 0.4.0', { ...good, command: 'CHECK', stdin: stdin({ cniVersion: '0.3.1' }) }],
  ['an unknown command', { ...good, command: 'FOO', stdin: stdin({}) }],
  ['an unknown command, no name', { ...good, command: 'FOO', stdin: '{}' }],
  ['an unknown command, no container', { ...good, command: 'FOO', containerID: '', stdin: stdin({}) }],
  [
    'an unknown command, an unknown version',
    { ...good, command: 'FOO', stdin: stdin({ cniVersion: '9.9.9' }) },
  ],
];

/** The code that an executable answers with, started by way of another program. */
async function codeOf(argv: readonly string[], call: PluginCall): Promise<number | undefined> {
  const { command, containerID = '', netns = '', ifname = 'eth0', stdin: input = '' } = call;
  const env = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerID,
    CNI_NETNS: netns,
    CNI_IFNAME: ifname,
    CNI_PATH: plugins,
  };
  const [file = '', ...rest] = argv;
  const { stdout } = await execa(file, rest, { env, extendEnv: false, input, reject: false });
  return (JSON.parse(stdout) as PluginDocument).code;
}

let node: CniNode;
let mounts: MountSpace;
beforeAll(async () => {
  node = await CniNode.create({ podCIDRs: [prefix('10.244.1.0/24')], mtu: 1500 });
  await node.start();
  // A configuration that is none names no socket: then it is the one in the usual place.
  mounts = await MountSpace.create(['/run']);
  const [file = '', ...rest] = mounts.entrance;
  await execa(file, [...rest, 'ln', '-s', path.dirname(node.socketPath), '/run/gryphon']);
});
afterAll(async () => {
  mounts?.[Symbol.dispose]();
  await node?.[Symbol.asyncDispose]();
});

test.each(faulty)('%s: the code that the reference plugins give', async (_, call) => {
  const reference = await codeOf([path.join(plugins, 'ptp')], call);
  expect(reference).toBeTypeOf('number');
  expect(await codeOf([...mounts.entrance, shim], call)).toBe(reference);
});
