import { describe, expect, test } from 'vitest';
import { transportError } from '../../../src/bgp/tcp/error.ts';
import { TransportError } from '../../../src/bgp/transport.ts';
import { ERRNO } from '../../../src/netlink/errno.ts';
import { SystemError } from '../../../src/netlink/error.ts';

const ofNode = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

describe('an error of a socket, in words', () => {
  test.each([
    ['ECONNREFUSED', 'GRY_TCP_REFUSED', 'connection refused'],
    ['ETIMEDOUT', 'GRY_TCP_TIMEOUT', 'connection timed out'],
    ['EHOSTUNREACH', 'GRY_TCP_UNREACHABLE', 'no route to host'],
    ['EADDRNOTAVAIL', 'GRY_TCP_NO_ADDRESS', 'the local address is not on this node'],
    ['EADDRINUSE', 'GRY_TCP_IN_USE', 'the port is in use'],
    ['EACCES', 'GRY_TCP_NOT_PERMITTED', 'not permitted'],
  ] as const)('%s, from node:net and from the kernel alike', (name, code, message) => {
    for (const error of [ofNode(name), new SystemError('bind', ERRNO[name])])
      expect(transportError(error)).toMatchObject({ code, message, cause: error });
  });

  test.each([
    ['of another name', ofNode('EMFILE'), 'connect EMFILE'],
    ['of the kernel', new SystemError('accept', ERRNO.EMFILE), 'accept: EMFILE'],
    ['that is none', 'oops', 'oops'],
  ])('%s keeps its own', (_, error, message) => {
    expect(transportError(error)).toMatchObject({ code: 'GRY_TCP_FAILED', message });
  });

  test('that is the port’s already stays what it is', () => {
    const error = new TransportError('GRY_TCP_TTL', 'too far');
    expect(transportError(error)).toBe(error);
  });
});
