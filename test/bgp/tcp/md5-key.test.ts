import { describe, expect, test } from 'vitest';
import { encodeMd5Key, md5Error, setMd5Key } from '../../../src/bgp/tcp/md5-key.ts';
import { address } from '../../../src/net/address.ts';
import { ERRNO } from '../../../src/netlink/errno.ts';
import { SystemError } from '../../../src/netlink/error.ts';
import { describeError } from '../../../src/ports/error.ts';

/** No descriptor has this number: whoever calls the kernel with it gets EBADF. */
const NO_FD = -1;
const peer = address('192.0.2.2');

describe('struct tcp_md5sig', () => {
  test.each([
    ['192.0.2.2', '02000000c0000202'],
    ['2001:db8::2', '0a0000000000000020010db8000000000000000000000002'],
  ])('for %s', (text, name) => {
    const bytes = Buffer.from(encodeMd5Key(address(text), Buffer.from('secret')));
    expect(bytes.toString('hex')).toBe(
      name.padEnd(256, '0') +
        '00000600' +
        '00000000' +
        Buffer.from('secret').toString('hex').padEnd(160, '0'),
    );
  });
});

describe('a password', () => {
  test.each([
    ['of 81 octets', 'x'.repeat(81)],
    ['of 27 characters in 81 octets', '鷲'.repeat(27)],
    ['that is empty', ''],
  ])('%s is refused before the kernel sees it, and not repeated', (_, password) => {
    const set = (): void => setMd5Key(NO_FD, peer, password);
    expect(set).toThrow(
      expect.objectContaining({
        code: 'GRY_TCP_PASSWORD',
        message: 'TCP-MD5 takes passwords of 1 to 80 octets',
      }),
    );
  });

  test('of 80 octets goes to the kernel', () => {
    expect(() => setMd5Key(NO_FD, peer, 'x'.repeat(80))).toThrow('the kernel refuses the password: EBADF');
  });

  test.each([
    [
      'ENOPROTOOPT',
      'GRY_TCP_MD5_UNSUPPORTED',
      /^this kernel has no TCP-MD5; use a kernel .* CONFIG_TCP_MD5SIG/,
    ],
    ['ENOMEM', 'GRY_TCP_MD5_MEMORY', /^the kernel has no room .*; raise the sysctl net\.core\.optmem_max/],
    ['EINVAL', 'GRY_TCP_MD5_FAILED', /^the kernel refuses the password: EINVAL$/],
  ] as const)('that the kernel refuses with %s says what to do', (name, code, text) => {
    const error = md5Error(new SystemError('TCP_MD5SIG', ERRNO[name]));
    expect(error.code).toBe(code);
    expect(describeError(error)).toMatch(text);
  });
});
