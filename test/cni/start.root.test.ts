import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/agent/clock.ts';
import { PodNetwork } from '../../src/cni/pod-network.ts';
import { Ipam } from '../../src/ipam/ipam.ts';
import { Conntrack } from '../../src/netlink/conntrack.ts';
import { Rtnetlink } from '../../src/netlink/rtnetlink.ts';
import { silentLog } from '../../src/ports/log.ts';
import { createNetns } from '../support/netns.ts';

const signal = new AbortController().signal;

test('a start that is refused is tried again and again, and leaves nothing open', async () => {
  await using stack = new AsyncDisposableStack();
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'gry-start-'));
  stack.defer(() => fs.rmSync(directory, { recursive: true }));
  const node = stack.use(await createNetns());
  const netlink = stack.use(node.run(() => Rtnetlink.open()));
  const common = { clock: systemClock, log: silentLog };
  const ipam = Ipam.open({ ...common, path: path.join(directory, 'journal'), bootID: 'test' });
  stack.defer(() => ipam.close());
  const newNetwork = (): PodNetwork =>
    new PodNetwork({
      ...common,
      netlink,
      ipam,
      openFlowTable: () => Conntrack.open(),
      attachments: { replace: () => {}, put: () => {} },
      routeProtocol: 71,
      socketPath: path.join(directory, 'run/cni.sock'),
    });
  const first = newNetwork();
  stack.defer(() => first.stop());
  await first.start(signal);
  const descriptors = (): number => fs.readdirSync('/proc/self/fd').length;
  const before = descriptors();
  for (let i = 0; i < 5; i++)
    await expect(newNetwork().start(signal)).rejects.toThrow('another agent listens');
  await expect.poll(descriptors).toBe(before);
});
