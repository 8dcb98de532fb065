/** struct sock_filter of classic BPF: code, jump when true, jump when false, operand. */
const INSTRUCTION = 8;
/** Loads 32 bits, in network order, from a fixed place. */
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const WHOLE = 0xffffffff;
/** Of nlmsg_pid in struct nlmsghdr. */
const PORT_OFFSET = 12;

/**
 * A socket filter that lets every datagram pass but those whose first message was caused by one of these ports: the kernel drops
 * them before they cost a system call, or room in the queue. For at most 250 ports, because jumps are octets.
 */
export function portFilter(ports: readonly number[]): Uint8Array {
  const program: (readonly [code: number, yes: number, no: number, operand: number])[] = [
    [LOAD, 0, 0, PORT_OFFSET],
    // nlmsg_pid is in the order of the machine, little-endian here, and was loaded as if in network order.
    ...ports.map((port, i) => [JUMP_IF_EQUAL, ports.length - i, 0, swapped(port)] as const),
    [RETURN, 0, 0, WHOLE],
    [RETURN, 0, 0, 0],
  ];
  const bytes = new Uint8Array(program.length * INSTRUCTION);
  const view = new DataView(bytes.buffer);
  for (const [i, [code, yes, no, operand]] of program.entries()) {
    view.setUint16(i * INSTRUCTION, code, true);
    view.setUint8(i * INSTRUCTION + 2, yes);
    view.setUint8(i * INSTRUCTION + 3, no);
    view.setUint32(i * INSTRUCTION + 4, operand, true);
  }
  return bytes;
}

function swapped(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return view.getUint32(0);
}
