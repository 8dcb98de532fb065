import { expect, test } from 'vitest';
import { appendResult, type CniResult, parseResult, renderResult } from '../../../src/cni/protocol/result.ts';
import { supportedVersions } from '../../../src/cni/protocol/version.ts';

const result: CniResult = {
  interfaces: [
    { name: 'gryp0123456789a', mac: 'ee:ee:ee:ee:ee:ee', mtu: 1450 },
    { name: 'eth0', mac: '02:00:00:00:00:01', mtu: 1450, sandbox: '/var/run/netns/c1' },
  ],
  ips: [
    { address: '10.244.1.2/32', interface: 1 },
    { address: 'fd00:244:1::2/128', interface: 1 },
  ],
  routes: [{ dst: '10.9.0.0/16', gw: '10.244.1.1', mtu: 1400 }],
  dns: { nameservers: ['10.96.0.10'] },
};

const links =
  '{"name":"gryp0123456789a","mac":"ee:ee:ee:ee:ee:ee"},{"name":"eth0","mac":"02:00:00:00:00:01","sandbox":"/var/run/netns/c1"}';
const modernLinks =
  '{"name":"gryp0123456789a","mac":"ee:ee:ee:ee:ee:ee","mtu":1450},{"name":"eth0","mac":"02:00:00:00:00:01","mtu":1450,"sandbox":"/var/run/netns/c1"}';
const ips = '{"address":"10.244.1.2/32","interface":1},{"address":"fd00:244:1::2/128","interface":1}';
const oldIps = ips
  .replace('{"address":"1', '{"version":"4","address":"1')
  .replace('{"address":"f', '{"version":"6","address":"f');
const route = '{"dst":"10.9.0.0/16","gw":"10.244.1.1"}';
const modernRoute = '{"dst":"10.9.0.0/16","gw":"10.244.1.1","mtu":1400}';

const golden: Readonly<Record<string, string>> = {
  '0.3.1': `{"cniVersion":"0.3.1","interfaces":[${links}],"ips":[${oldIps}],"routes":[${route}],"dns":{"nameservers":["10.96.0.10"]}}\n`,
  '0.4.0': `{"cniVersion":"0.4.0","interfaces":[${links}],"ips":[${oldIps}],"routes":[${route}],"dns":{"nameservers":["10.96.0.10"]}}\n`,
  '1.0.0': `{"cniVersion":"1.0.0","interfaces":[${links}],"ips":[${ips}],"routes":[${route}],"dns":{"nameservers":["10.96.0.10"]}}\n`,
  '1.1.0': `{"cniVersion":"1.1.0","interfaces":[${modernLinks}],"ips":[${ips}],"routes":[${modernRoute}],"dns":{"nameservers":["10.96.0.10"]}}\n`,
};

test.each(supportedVersions)('the result as %s writes it', (version) => {
  expect(renderResult(result, version)).toBe(golden[version]);
});

test('what was rendered is parsed again; what a version does not know is lost', () => {
  expect(parseResult(JSON.parse(golden['1.1.0']!))).toEqual(result);
  expect(parseResult(JSON.parse(golden['0.4.0']!)).ips).toEqual(result.ips);
});

test('a list that Go prints as null is empty; an entry that is none is told', () => {
  expect(parseResult({ interfaces: null, ips: null, routes: null })).toEqual({
    interfaces: [],
    ips: [],
    routes: [],
  });
  expect(() => parseResult({ ips: [{}] })).toThrow('an entry of prevResult.ips has no address');
  expect(() => parseResult({ interfaces: [1] })).toThrow('an entry of prevResult.interfaces is no object');
});

test('the result of the plugin before us is handed on unchanged, ours behind it', () => {
  const previous: CniResult = {
    interfaces: [{ name: 'macvlan0', sandbox: '/var/run/netns/c1' }],
    ips: [{ address: '192.0.2.7/24', gateway: '192.0.2.1', interface: 0 }],
    routes: [{ dst: '0.0.0.0/0' }],
    dns: { domain: 'first.example' },
  };
  const both = appendResult(previous, result);
  expect(both.interfaces).toEqual([...previous.interfaces, ...result.interfaces]);
  expect(both.ips).toEqual([
    ...previous.ips,
    { address: '10.244.1.2/32', interface: 2 },
    { address: 'fd00:244:1::2/128', interface: 2 },
  ]);
  expect(both.routes).toEqual([...previous.routes, ...result.routes]);
  expect(both.dns).toEqual({ domain: 'first.example' });
});
