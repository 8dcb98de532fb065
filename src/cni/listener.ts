import { connect } from 'node:net';

/** Whether somebody listens on the unix socket, be they too busy to accept. */
export function hasListener(socketPath: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = connect({ path: socketPath });
  probe.once('connect', () => resolve(true));
  probe.once('error', (error) => resolve('code' in error && error.code === 'EAGAIN'));
  return promise.finally(() => probe.destroy());
}
