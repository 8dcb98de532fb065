import { expect, test } from 'vitest';
import { ipamView } from '../../src/agent/ipam-view.ts';
import { address } from '../../src/net/address.ts';
import { prefix } from '../../src/net/prefix.ts';

test('every address that is not free, in its order, with block, pool and handle', () => {
  const view = ipamView({
    attachments: [
      {
        network: 'gryphon',
        containerID: 'c1',
        ifname: 'eth0',
        addresses: [address('10.244.1.20'), address('fd00:1::20')],
        hostLink: 'gryp00000000001',
        pod: { namespace: 'default', name: 'web-0' },
        createdAt: 1000,
        state: 'configured',
      },
      {
        network: 'gryphon',
        containerID: 'old',
        ifname: 'eth0',
        addresses: [address('10.9.9.9')],
        hostLink: 'gryp00000000002',
        createdAt: 500,
        state: 'detaching',
      },
    ],
    cooling: [{ address: address('10.244.1.3'), releasedAt: 2000 }],
    tunnels: [address('10.244.1.1')],
    usage: [{ cidr: prefix('10.244.1.0/24'), used: 1, cooling: 1, free: 251n, total: 253n }],
    pools: [{ cidr: prefix('10.244.0.0/16'), natOutgoing: true }],
  });
  const place = { block: '10.244.1.0/24', pool: '10.244.0.0/16' };
  const handle = 'gryphon/c1/eth0';
  const pod = { namespace: 'default', name: 'web-0' };
  expect(view).toEqual({
    blocks: [
      { cidr: '10.244.1.0/24', pool: '10.244.0.0/16', used: 1, cooling: 1, free: '251', total: '253' },
    ],
    addresses: [
      { address: '10.9.9.9', state: 'detaching', since: 500, handle: 'gryphon/old/eth0' },
      { address: '10.244.1.1', state: 'tunnel', ...place },
      { address: '10.244.1.3', state: 'cooling', since: 2000, ...place },
      { address: '10.244.1.20', state: 'configured', since: 1000, handle, pod, ...place },
      { address: 'fd00:1::20', state: 'configured', since: 1000, handle, pod },
    ],
  });
});
