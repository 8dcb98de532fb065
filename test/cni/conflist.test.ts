import { expect, test } from 'vitest';
import { commonVersions, filesBefore, renderConflist } from '../../src/cni/conflist.ts';

const socketPath = '/run/gryphon/cni.sock';

test('the conflist with host ports, as runtimes of every age read it', () => {
  const cniVersions = commonVersions([
    ['0.3.1', '0.4.0', '1.0.0', '1.1.0'],
    ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0'],
  ]);
  expect(
    renderConflist({ socketPath, mtu: 1450, allowIpForwarding: false, cniVersions, portmap: true }),
  ).toBe(`{
  "cniVersion": "1.0.0",
  "cniVersions": [
    "0.3.1",
    "0.4.0",
    "1.0.0"
  ],
  "name": "gryphon",
  "disableCheck": false,
  "loadOnlyInlinedPlugins": true,
  "plugins": [
    {
      "type": "gryphon",
      "socket": "/run/gryphon/cni.sock",
      "mtu": 1450,
      "allow_ip_forwarding": false,
      "capabilities": {
        "ips": true,
        "io.kubernetes.cri.pod-annotations": true
      }
    },
    {
      "type": "portmap",
      "snat": true,
      "capabilities": {
        "portMappings": true
      }
    }
  ]
}
`);
});

test.each<[string, readonly string[], string, readonly string[]]>([
  ['all new', ['0.3.1', '0.4.0', '1.0.0', '1.1.0'], '1.0.0', ['0.3.1', '0.4.0', '1.0.0', '1.1.0']],
  ['old reference plugins', ['0.3.1', '0.4.0'], '0.4.0', ['0.3.1', '0.4.0']],
])('%s: cniVersion is the greatest before 1.1.0 that all speak', (_, spoken, baseline, list) => {
  const text = renderConflist({
    socketPath,
    mtu: 0,
    allowIpForwarding: true,
    cniVersions: commonVersions([spoken]),
    portmap: false,
  });
  expect(JSON.parse(text)).toMatchObject({
    cniVersion: baseline,
    cniVersions: list,
    plugins: [{ type: 'gryphon', mtu: 0, allow_ip_forwarding: true }],
  });
});

test('only files that a runtime would load before ours count', () => {
  const directory = [
    '10-calico.conflist',
    '00-multus.conf',
    '.05-gryphon.conflist.1.tmp',
    '01-readme.txt',
    '05-gryphon.conf',
    '.0.json',
  ];
  expect(filesBefore('05-gryphon.conflist', directory)).toEqual([
    '.0.json',
    '00-multus.conf',
    '05-gryphon.conf',
  ]);
});
