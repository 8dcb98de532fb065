import { expect, it } from 'vitest';
import { connect, createNetns } from './netns.ts';
import { PingStream } from './ping-stream.ts';

it('counts what is lost in between, and what no answer came to in the end', async () => {
  using here = await createNetns();
  using there = await createNetns();
  await connect(
    { netns: here, name: 'v0', addresses: ['192.0.2.1/24', '2001:db8::1/64'] },
    { netns: there, name: 'v0', addresses: ['192.0.2.2/24', '2001:db8::2/64'] },
  );
  // The kernel takes up to a second to see that a new link is up, and finds no neighbour before.
  await here.exec('ping', '-nqc1', '-w5', '2001:db8::2');
  const stream = (...addresses: readonly string[]): PingStream =>
    new PingStream(['nsenter', `--net=${here.path}`], addresses);

  const whole = stream('192.0.2.2', '2001:db8::2');
  expect(await whole.flows()).toBe(true);
  expect(await whole.end()).toEqual({ sent: expect.any(Number) as number, lost: 0, errors: [] });

  const interrupted = stream('192.0.2.2');
  expect(await interrupted.flows()).toBe(true);
  await there.exec('sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_all=1');
  expect(await interrupted.flows()).toBe(false);
  await there.exec('sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_all=0');
  const { lost, sent } = await interrupted.end();
  expect(lost).toBeGreaterThan(100);
  expect(lost).toBeLessThan(sent);

  const cut = stream('192.0.2.2');
  expect(await cut.flows()).toBe(true);
  await there.exec('sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_all=1');
  expect((await cut.end()).lost).toBeGreaterThan(10);
});

it('fails where fping does not start, or nothing is sent', async () => {
  using here = await createNetns();
  const nowhere = new PingStream(['nsenter', '--net=/var/run/netns/grytest-missing'], ['192.0.2.2']);
  await expect(nowhere.end()).rejects.toThrow(/grytest-missing.* ended with 1; nsenter: /);
  const unreachable = new PingStream(['nsenter', `--net=${here.path}`], ['192.0.2.2']);
  await expect(unreachable.end()).rejects.toThrow('192.0.2.2');
});
