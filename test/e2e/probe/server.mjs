// What a probe runs: tells whoever asks, over TCP (HTTP) and UDP, which host this is and from which address it was asked.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';

const host = process.env.PROBE_HOST;
const answer = (from = '') => JSON.stringify({ host, from: from.replace(/^::ffff:/, '') });

createServer((request, response) => response.end(answer(request.socket.remoteAddress))).listen(8080, '::');

const udp = createSocket('udp6');
udp.on('message', (_, { address, port }) => udp.send(answer(address), port, address));
udp.bind(5353, '::');
