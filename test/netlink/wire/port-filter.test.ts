import { expect, it } from 'vitest';
import { portFilter } from '../../../src/netlink/wire/port-filter.ts';

/** As `tcpdump -dd` writes a program: code, jump when true, jump when false, operand. */
const listing = (program: Uint8Array): string[] =>
  Array.from({ length: program.length / 8 }, (_, i) => {
    const view = new DataView(program.buffer, i * 8);
    const [code, operand] = [view.getUint16(0, true), view.getUint32(4, true)];
    return `0x${code.toString(16)}, ${view.getUint8(2)}, ${view.getUint8(3)}, 0x${operand.toString(16).padStart(8, '0')}`;
  });

it('compares nlmsg_pid, as it lies in memory, with each port, and drops what matches', () => {
  expect(listing(portFilter([0x01020304, 4242]))).toEqual([
    '0x20, 0, 0, 0x0000000c',
    '0x15, 2, 0, 0x04030201',
    '0x15, 1, 0, 0x92100000',
    '0x6, 0, 0, 0xffffffff',
    '0x6, 0, 0, 0x00000000',
  ]);
});
