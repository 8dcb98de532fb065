/**
 * The far end of a recording, as a process of its own in a namespace: dials, says what it is told to say and prints each message
 * that it gets as a line of hex. Its only argument is a `Part` in JSON.
 */
import { connect } from 'node:net';
import { fromHex, HEADER, toHex, u16 } from '../octets.ts';
import type { Part } from './scenario.ts';

const { from, to, say, seconds } = JSON.parse(process.argv[2] ?? '') as Part;

const socket = connect({ host: to, port: 179, localAddress: from });
let rest = Buffer.alloc(0);
socket.on('data', (bytes) => {
  rest = Buffer.concat([rest, bytes]);
  while (rest.length >= HEADER && rest.length >= u16(rest, 16)) {
    const length = u16(rest, 16);
    process.stdout.write(`${toHex(rest.subarray(0, length))}\n`);
    rest = rest.subarray(length);
  }
});
socket.on('error', (error) => process.stderr.write(`${error.message}\n`));
for (const { after, hex } of say) setTimeout(() => socket.write(fromHex(hex)), after);
setTimeout(() => process.exit(0), seconds * 1000);
