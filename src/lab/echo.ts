import { createServer, type Server } from 'node:http';
import { parseAddress } from '../net/address.ts';

/**
 * The "internet": a web server that answers every request with the address that it came from, which is how one sees
 * whether a pod's traffic was masqueraded. Resolves once it listens, on both families.
 */
export function serveAddress(port: number): Promise<Server> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.end(`you are ${clientAddress(request.socket.remoteAddress ?? '')}\n`);
  });
  server.headersTimeout = 5000;
  server.requestTimeout = 5000;
  server.maxConnections = 64;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '::' }, () => resolve(server));
  });
}

/** On a dual-stack socket the kernel writes IPv4 clients as ::ffff:192.0.2.1. */
export const clientAddress = (text: string): string => parseAddress(text.replace(/^::ffff:/i, '')) ?? text;
