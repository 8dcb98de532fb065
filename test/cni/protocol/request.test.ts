import { expect, test } from 'vitest';
import { CniError, renderError } from '../../../src/cni/protocol/error.ts';
import { parseRequest } from '../../../src/cni/protocol/request.ts';

const good = {
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/var/run/netns/c1',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin',
};
const config = { cniVersion: '1.1.0', name: 'gryphon', type: 'gryphon' };

type Env = Readonly<Record<string, string>>;
const parse = (env: Env, stdin: unknown = config): ReturnType<typeof parseRequest> =>
  parseRequest(
    new Map(Object.entries({ ...good, ...env })),
    typeof stdin === 'string' ? stdin : JSON.stringify(stdin),
  );

const refusal = (env: Env, stdin?: unknown): readonly [number, string] => {
  try {
    parse(env, stdin);
  } catch (error) {
    if (error instanceof CniError) return [error.cniCode, error.message];
    throw error;
  }
  throw new Error('accepted');
};

test.each<[string, Env, unknown, number, string]>([
  ['no command', { CNI_COMMAND: '' }, '', 4, 'required env variables [CNI_COMMAND] missing'],
  [
    'nothing but ADD',
    { CNI_CONTAINERID: '', CNI_NETNS: '', CNI_IFNAME: '', CNI_PATH: '' },
    config,
    4,
    'required env variables [CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH] missing',
  ],
  [
    'DEL without interface',
    { CNI_COMMAND: 'DEL', CNI_IFNAME: '' },
    config,
    4,
    'required env variables [CNI_IFNAME] missing',
  ],
  ['no JSON', {}, '{', 6, 'the network configuration is no JSON'],
  ['no object', {}, '[]', 6, 'the network configuration is no JSON object'],
  ['a number as name', {}, { ...config, name: 1 }, 6, "the network configuration's name is no string"],
  ['no name', {}, { cniVersion: '1.0.0' }, 7, 'missing network name'],
  ['a slash in the name', {}, { ...config, name: 'a/b' }, 7, 'invalid characters found in network name'],
  ['an mtu that is none', {}, { ...config, mtu: 12 }, 7, 'mtu 12 is no whole number from 68 to 65535'],
  [
    'a slash in the container ID',
    { CNI_CONTAINERID: '../c1' },
    config,
    4,
    'invalid characters in containerID',
  ],
  [
    'a long interface name',
    { CNI_IFNAME: 'sixteen-letters-' },
    config,
    4,
    'interface name is too long: at most 15 bytes',
  ],
  [
    'a colon in the interface name',
    { CNI_IFNAME: 'eth0:1' },
    config,
    4,
    'interface name contains / or : or whitespace characters',
  ],
  ['two dots as interface name', { CNI_IFNAME: '..' }, config, 4, 'interface name is . or ..'],
  ['a version to come', {}, { ...config, cniVersion: '2.0.0' }, 1, 'incompatible CNI versions'],
  ['no version, which means 0.1.0', {}, { name: 'gryphon' }, 1, 'incompatible CNI versions'],
  [
    'CHECK before 0.4.0',
    { CNI_COMMAND: 'CHECK' },
    { ...config, cniVersion: '0.3.1' },
    1,
    'config version does not allow CHECK',
  ],
  [
    'STATUS before 1.1.0',
    { CNI_COMMAND: 'STATUS' },
    { ...config, cniVersion: '1.0.0' },
    1,
    'config version does not allow STATUS',
  ],
  ['GC without its list', { CNI_COMMAND: 'GC' }, config, 7, 'GC needs the list cni.dev/valid-attachments'],
  ['an unknown command', { CNI_COMMAND: 'add' }, config, 4, 'unknown CNI_COMMAND: add'],
  ['CNI_ARGS without a value', { CNI_ARGS: 'IP' }, config, 4, 'CNI_ARGS is malformed'],
  ['CNI_ARGS with an unknown key', { CNI_ARGS: 'COLOUR=red' }, config, 4, 'CNI_ARGS has unknown keys'],
])('%s is refused', (_, env, stdin, code, message) => {
  expect(refusal(env, stdin)).toEqual([code, message]);
});

test('checks come in the order of the reference library: each is hidden by the one before', () => {
  const faults: readonly [Env, Readonly<Record<string, unknown>>][] = [
    [{ CNI_NETNS: '' }, {}],
    [{}, { name: 5 }],
    [{}, { name: '' }],
    [{ CNI_CONTAINERID: '/' }, {}],
    [{ CNI_IFNAME: '/' }, {}],
    [{}, { cniVersion: '9' }],
  ];
  const all = faults.map((_, from) =>
    // Faults from here on, later ones first, so that an earlier fault in the same key wins.
    faults.slice(from).reduceRight<readonly [Env, object]>(
      (sum, fault) => [
        { ...sum[0], ...fault[0] },
        { ...sum[1], ...fault[1] },
      ],
      [{}, {}],
    ),
  );
  expect(all.map(([env, stanza]) => refusal(env, { ...config, ...stanza })[0])).toEqual([4, 6, 7, 4, 4, 1]);
});

test('STATUS and GC need neither container nor interface', () => {
  const none = { CNI_CONTAINERID: '', CNI_NETNS: '', CNI_IFNAME: '' };
  expect(parse({ ...none, CNI_COMMAND: 'STATUS' })).toMatchObject({ command: 'STATUS', version: '1.1.0' });
  const lists = [{ 'cni.dev/valid-attachments': [] }, { 'cni.dev/attachments': [] }];
  for (const list of lists) {
    expect(parse({ ...none, CNI_COMMAND: 'GC' }, { ...config, ...list })).toMatchObject({
      command: 'GC',
      valid: [],
    });
  }
});

test('an ADD as containerd sends it', () => {
  const CNI_ARGS =
    'K8S_POD_UID=7d1;IgnoreUnknown=1;K8S_POD_NAMESPACE=default;SOMETHING=new;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=c1';
  const stanza = {
    ...config,
    cniVersion: '1.0.0',
    mtu: 1450,
    capabilities: { ips: true },
    runtimeConfig: { ips: ['10.244.1.9/24'], cgroupPath: '/kubepods' },
  };
  expect(parse({ CNI_ARGS }, stanza)).toMatchObject({
    command: 'ADD',
    key: { network: 'gryphon', containerID: 'c1', ifname: 'eth0' },
    netns: '/var/run/netns/c1',
    version: '1.0.0',
    args: { pod: { namespace: 'default', name: 'web-0', uid: '7d1' } },
    config: { mtu: 1450, ips: ['10.244.1.9/24'] },
  });
});

test('an error object carries the version of the caller, its code, what and why', () => {
  const error = new CniError(11, 'no pod can be attached now', 'this node has no podCIDR');
  expect(renderError(error, '0.4.0')).toBe(
    '{"cniVersion":"0.4.0","code":11,"msg":"no pod can be attached now","details":"this node has no podCIDR"}\n',
  );
});

test.each<[string, unknown, readonly string[]]>([
  ['nothing', {}, []],
  [
    "Calico's list",
    { 'cni.projectcalico.org/ipAddrs': '["10.244.1.7","fd00::7"]' },
    ['10.244.1.7', 'fd00::7'],
  ],
  ['ours, with commas', { 'gryphon.dev/ip-addresses': '10.244.1.7, fd00::7' }, ['10.244.1.7', 'fd00::7']],
  [
    'both: ours counts',
    { 'cni.projectcalico.org/ipAddrs': '["1.1.1.1"]', 'gryphon.dev/ip-addresses': '10.244.1.7' },
    ['10.244.1.7'],
  ],
  ['an empty one', { 'gryphon.dev/ip-addresses': ' ' }, []],
  ['annotations of others', { 'example.org/ips': '10.0.0.1' }, []],
])('addresses from annotations of the pod: %s', (_, annotations, ips) => {
  const runtimeConfig = { 'io.kubernetes.cri.pod-annotations': annotations };
  expect(parse({}, { ...config, runtimeConfig }).config.ips).toEqual(ips);
});

test("the runtime's own wish stands above annotations", () => {
  const annotations = { 'gryphon.dev/ip-addresses': '10.244.1.7' };
  const runtimeConfig = { ips: ['10.244.1.9'], 'io.kubernetes.cri.pod-annotations': annotations };
  expect(parse({}, { ...config, runtimeConfig }).config.ips).toEqual(['10.244.1.9']);
});

test.each(['["10.244.1.7"', '[1]'])('an annotation that is no list is refused: %s', (text) => {
  const annotations = { 'cni.projectcalico.org/ipAddrs': text };
  const runtimeConfig = { 'io.kubernetes.cri.pod-annotations': annotations };
  const call = () => parse({}, { ...config, runtimeConfig });
  expect(call).toThrow(/annotation cni.projectcalico.org\/ipAddrs is no list/);
});

test.each<[unknown, boolean | undefined]>([
  [undefined, false],
  [true, true],
  ['true', true],
  ['false', false],
  ['yes', undefined],
  [1, undefined],
])('allow_ip_forwarding %j means %j', (value, expected) => {
  const call = () => parse({}, { ...config, allow_ip_forwarding: value }).config.allowIpForwarding;
  if (expected === undefined) expect(call).toThrow('neither true nor false');
  else expect(call()).toBe(expected);
});
