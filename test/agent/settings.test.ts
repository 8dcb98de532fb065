import { describe, expect, test } from 'vitest';
import { flagOf } from '../../src/agent/settings/definition.ts';
import {
  resolveSettings,
  type SettingDefinition,
  settingDefinitions,
  settingsFile,
  settingsReference,
  settingTexts,
} from '../../src/agent/settings.ts';

const file = (text: string) => ({ name: 'gryphon.yaml', text });
const lines = ({ problems }: ReturnType<typeof resolveSettings>): string[] =>
  problems.map((p) => `${p.severity} ${p.code} ${p.subject}: ${p.message}; ${p.remedy}`);

describe('bad values name their source', () => {
  const correct = 'correct it, or remove it to have the default';
  test.each([
    [{ flags: { bgpPort: '0' } }, `--bgp-port: "0" is not a whole number from 1 to 65535; ${correct}`],
    [{ flags: { bgpPort: '0179' } }, `--bgp-port: "0179" is not a whole number from 1 to 65535; ${correct}`],
    [{ flags: { bgpPort: ' 179' } }, `--bgp-port: " 179" is not a whole number from 1 to 65535; ${correct}`],
    [{ flags: { bgpPort: '' } }, `--bgp-port: "" is not a whole number from 1 to 65535; ${correct}`],
    [
      { environment: { GRYPHON_BGP_PORT: '70000' } },
      `GRYPHON_BGP_PORT: "70000" is not a whole number from 1 to 65535; ${correct}`,
    ],
    [
      { environment: { GRYPHON_BGP_PORT: 'tcp://10.96.0.7:179' } },
      'GRYPHON_BGP_PORT: "tcp://10.96.0.7:179" is not a whole number from 1 to 65535; set enableServiceLinks: false in the pod, the variable comes from a Service',
    ],
    [
      { file: file('# x\nmtu: 1e3\n') },
      `gryphon.yaml:2:1 mtu: "1e3" is not a whole number from 0 to 65535; ${correct}`,
    ],
    [{ flags: { bgp: 'maybe' } }, `--bgp: "maybe" is not on or off; ${correct}`],
    [{ flags: { source: 'etcd' } }, `--source: "etcd" is not one of kubernetes, manifests; ${correct}`],
    [
      { flags: { logLevel: 'INFO' } },
      `--log-level: "INFO" is not one of debug, info, warn, error; ${correct}`,
    ],
    [
      { flags: { nodeName: 'Worker 1' } },
      `--node-name: "Worker 1" is not the name of a Kubernetes object (lower-case letters, digits, "-" and "."); ${correct}`,
    ],
    [{ flags: { runDir: '' } }, `--run-dir: "" is not a path; ${correct}`],
    [
      { flags: { clusterCIDR: '10.0.0.0/8,10.1.0.1/16' } },
      `--cluster-cidr: "10.0.0.0/8,10.1.0.1/16" is not a list of CIDRs without host bits, like 10.244.0.0/16,fd00:244::/48; ${correct}`,
    ],
    [
      { flags: { resyncInterval: '4' } },
      `--resync-interval: "4" is not a number of seconds from 5 to 86400, or a duration like 90s or 1m30s; ${correct}`,
    ],
    [
      { flags: { selectionDeferral: '1.5s' } },
      `--selection-deferral: "1.5s" is not a number of seconds from 0 to 3600, or a duration like 90s or 1m30s; ${correct}`,
    ],
    [
      { flags: { apiAddress: '' } },
      `--api-address: "" is not ADDRESS:PORT, [ADDRESS]:PORT or :PORT; ${correct}`,
    ],
    [
      { flags: { apiAddress: 'localhost:80' } },
      `--api-address: "localhost:80" is not ADDRESS:PORT, [ADDRESS]:PORT or :PORT; ${correct}`,
    ],
    [
      { flags: { metricsAddress: '::1:80' } },
      `--metrics-address: "::1:80" is not ADDRESS:PORT, [ADDRESS]:PORT or :PORT, or empty; ${correct}`,
    ],
    [
      { flags: { runDir: `/${'x'.repeat(100)}` } },
      `cniSocket: /${'x'.repeat(100)}/cni.sock is longer than the 107 bytes that the path of a socket may have; choose a shorter --run-dir or --cni-socket`,
    ],
  ])('%j', (sources, problem) => {
    const resolved = resolveSettings(sources);
    expect(lines(resolved)).toEqual([`error GRY_SETTING_INVALID ${problem}`]);
  });

  test('the setting then has its default', () => {
    const { settings, origins } = resolveSettings({ flags: { bgpPort: 'x' } });
    expect([settings.bgpPort, origins.bgpPort]).toEqual([179, 'default']);
  });
});

describe('bad files', () => {
  test.each([
    ['a: [', 'gryphon.yaml:1:5: '],
    ['mtu: 1\nmtu: 2\n', 'gryphon.yaml:2:1: Map keys must be unique'],
    ['- mtu\n', 'gryphon.yaml:1:1: the file is not a map of settings'],
    ['mtu: {a: 1}\n', 'gryphon.yaml:1:1 mtu: neither a single value nor a list of them'],
    ['mtu: [[1]]\n', 'gryphon.yaml:1:1 mtu: neither a single value nor a list of them'],
  ])('%j', (text, problem) => {
    const resolved = resolveSettings({ file: file(text) });
    expect(lines(resolved)).toEqual([expect.stringContaining(`error GRY_SETTINGS_FILE_INVALID ${problem}`)]);
  });
});

describe('unknown names', () => {
  test.each([
    [
      { flags: { bgpport: '1' } },
      '--bgpport: there is no setting with this flag; write bgp-port, or remove it',
    ],
    [
      { environment: { GRYPHON_BGPPORT: '1' } },
      'GRYPHON_BGPPORT: there is no setting with this variable; write GRYPHON_BGP_PORT, or remove it',
    ],
    [
      { environment: { GRYPHON_FELIX_IPINIPMTU_SOMETHING: '1' } },
      'GRYPHON_FELIX_IPINIPMTU_SOMETHING: there is no setting with this variable; remove it',
    ],
    [
      { file: file('bgp-port: 1\n') },
      'gryphon.yaml:1:1 bgp-port: there is no setting with this key; write bgpPort, or remove it',
    ],
    [
      { file: file('config: other.yaml\n') },
      'gryphon.yaml:1:1 config: there is no setting with this key; remove it',
    ],
  ])('%j', (sources, problem) => {
    expect(lines(resolveSettings(sources))).toEqual([`warning GRY_SETTING_UNKNOWN ${problem}`]);
  });

  test('what Kubernetes puts beside Services called gryphon and gryphon-metrics is not meant for us', () => {
    const environment = {
      GRYPHON_SERVICE_HOST: '10.96.0.7',
      GRYPHON_SERVICE_PORT: '179',
      GRYPHON_SERVICE_PORT_BGP: '179',
      GRYPHON_PORT: 'tcp://10.96.0.7:179',
      GRYPHON_PORT_179_TCP: 'tcp://10.96.0.7:179',
      GRYPHON_PORT_179_TCP_PROTO: 'tcp',
      GRYPHON_METRICS_SERVICE_HOST: '10.96.0.8',
      GRYPHON_METRICS_PORT_17180_TCP_ADDR: '10.96.0.8',
      PATH: '/bin',
    };
    expect(lines(resolveSettings({ environment }))).toEqual([]);
  });
});

describe('good values', () => {
  test.each([
    ['bgp', 'off', false],
    ['bgp', 'true', true],
    ['bgpPort', '1790', 1790],
    ['mtu', '0', 0],
    ['nodeName', 'ip-10-0-0-1.internal', 'ip-10-0-0-1.internal'],
    ['manifests', './here', './here'],
    ['clusterCIDR', '', []],
    ['clusterCIDR', '10.0.0.0/8, FD00::/48', ['10.0.0.0/8', 'fd00::/48']],
    ['resyncInterval', '90', 90],
    ['resyncInterval', '1m30s', 90],
    ['apiAddress', '[::1]:80', { address: '::1', port: 80 }],
    ['apiAddress', ':80', { port: 80 }],
    ['metricsAddress', '', undefined],
    ['cniSocket', '/x/y.sock', '/x/y.sock'],
  ] as const)('%s %j from each source', (key, text, value) => {
    const definition = settingDefinitions.find((candidate) => candidate.key === key);
    const sources = [
      { flags: { [definition?.flag ?? '']: text } },
      { environment: { [definition?.environment ?? '']: text } },
      { file: file(`${key}: ${JSON.stringify(text)}\n`) },
    ];
    for (const source of sources) {
      const resolved = resolveSettings(source);
      expect(lines(resolved)).toEqual([]);
      expect(resolved.settings[key]).toEqual(value);
      expect(resolved.origins[key]).toBe(
        Object.keys(source)[0] === 'flags' ? 'flag' : Object.keys(source)[0],
      );
    }
  });

  test('YAML values without quotes, and lists', () => {
    const text =
      'bgp: off\nmasquerade: false\nmtu: 1400\nclusterCIDR:\n- 10.0.0.0/8\n- fd00::/48\nmetricsAddress:\n';
    const resolved = resolveSettings({ file: file(text) });
    expect(lines(resolved)).toEqual([]);
    expect(resolved.settings).toMatchObject({
      bgp: false,
      masquerade: false,
      mtu: 1400,
      clusterCIDR: ['10.0.0.0/8', 'fd00::/48'],
      metricsAddress: undefined,
    });
  });

  test.each(['', '# nothing\n', '---\n'])('a file without settings: %j', (text) => {
    expect(resolveSettings({ file: file(text) })).toEqual(resolveSettings({}));
  });

  test('a flag may be given several times', () => {
    const { settings } = resolveSettings({
      flags: { clusterCidr: ['10.0.0.0/8', 'fd00::/48'], bgp: undefined },
    });
    expect(settings.clusterCIDR).toEqual(['10.0.0.0/8', 'fd00::/48']);
  });
});

test('flag before variable before file before default', () => {
  const all = {
    flags: { bgpPort: '1' },
    environment: { GRYPHON_BGP_PORT: '2', GRYPHON_MTU: '2000' },
    file: file('bgpPort: 3\nmtu: 3000\nrouteProtocol: 33\n'),
  };
  const { settings, origins } = resolveSettings(all);
  expect([settings.bgpPort, settings.mtu, settings.routeProtocol, settings.resyncInterval]).toEqual([
    1, 2000, 33, 60,
  ]);
  expect([origins.bgpPort, origins.mtu, origins.routeProtocol, origins.resyncInterval]).toEqual([
    'flag',
    'environment',
    'file',
    'default',
  ]);
});

test('the file is named by flag or variable', () => {
  const environment = { GRYPHON_CONFIG: '/etc/a.yaml' };
  expect(settingsFile({})).toBeUndefined();
  expect(settingsFile({ environment })).toBe('/etc/a.yaml');
  expect(settingsFile({ environment, flags: { config: 'b.yaml' } })).toBe('b.yaml');
});

test('the socket follows the run directory', () => {
  expect(resolveSettings({}).settings.cniSocket).toBe('/run/gryphon/cni.sock');
  expect(resolveSettings({ flags: { runDir: '/tmp/n1/' } }).settings.cniSocket).toBe('/tmp/n1/cni.sock');
});

test.each([
  ['clusterCIDR', 'cluster-cidr'],
  ['clusterCidr', 'cluster-cidr'],
  ['cluster-cidr', 'cluster-cidr'],
  ['bgpPort', 'bgp-port'],
  ['bgp', 'bgp'],
  ['cniConfDir', 'cni-conf-dir'],
])('the flag of %s is --%s', (key, flag) => {
  expect(flagOf(key)).toBe(flag);
});

describe('shown to people', () => {
  const resolved = resolveSettings({
    flags: { nodeName: 'n1', clusterCIDR: '10.0.0.0/8,fd00::/48' },
    environment: { GRYPHON_BGP: 'off' },
  });

  test('all settings, those that were chosen with their origin', () => {
    expect(settingTexts(resolved)).toEqual({
      config: '(none)',
      nodeName: 'n1 (flag)',
      source: 'kubernetes',
      manifests: '(none)',
      kubeconfig: '(none)',
      namespace: 'gryphon-system',
      calicoKinds: 'off',
      clusterCIDR: '10.0.0.0/8,fd00::/48 (flag)',
      bgp: 'off (environment)',
      bgpPort: '179',
      selectionDeferral: '60',
      masquerade: 'on',
      mtu: '0',
      allowIPForwarding: 'off',
      routeProtocol: '71',
      resyncInterval: '60',
      apiAddress: '127.0.0.1:17179',
      metricsAddress: ':17180',
      runDir: '/run/gryphon',
      stateDir: '/var/lib/gryphon',
      sysctlDir: '/proc/sys',
      cniBinDir: '/opt/cni/bin',
      cniConfDir: '/etc/cni/net.d',
      cniPluginDir: '/usr/lib/cni',
      cniSocket: '/run/gryphon/cni.sock',
      logLevel: 'info',
    });
  });

  test('secrets are hidden', () => {
    const secret = settingDefinitions
      .filter(({ key }) => key === 'nodeName' || key === 'config')
      .map(
        (definition): SettingDefinition => ({
          ...definition,
          schema: { ...definition.schema, secret: true },
        }),
      );
    expect(settingTexts(resolved, secret)).toEqual({ config: '(none)', nodeName: '(hidden) (flag)' });
  });
});

/** `vitest run --project unit test/agent/settings.test.ts -u` writes the page anew. */
test('docs/settings.md is what the schema says', async () => {
  await expect(settingsReference()).toMatchFileSnapshot('../../docs/settings.md');
});
