/**
 * Asks servers like server.mjs, all at once: ask.ts '[{"protocol":"tcp","address":"10.244.1.2","port":8080}]' prints one answer for each, in order:
 * `{"host":"node-1","from":"10.244.2.3"}`, or `{"error":"…"}` when there is none within 3 seconds.
 */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

export interface Target {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

export interface Answer {
  readonly host?: string;
  readonly from?: string;
  readonly error?: string;
}

const PATIENCE = 3_000;

async function overTCP({ address, port }: Target): Promise<string> {
  const host = isIPv6(address) ? `[${address}]` : address;
  const response = await fetch(`http://${host}:${port}/`, { signal: AbortSignal.timeout(PATIENCE) });
  return await response.text();
}

function overUDP({ address, port }: Target): Promise<string> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  return new Promise<string>((resolve, reject) => {
    socket.once('message', (message) => resolve(message.toString()));
    socket.once('error', reject);
    setTimeout(() => reject(new Error('no answer')), PATIENCE).unref();
    socket.connect(port, address, () => socket.send('who are you?'));
  }).finally(() => socket.close());
}

async function ask(target: Target): Promise<Answer> {
  try {
    return JSON.parse(await (target.protocol === 'tcp' ? overTCP(target) : overUDP(target))) as Answer;
  } catch (error) {
    const { message, cause } = error as Error;
    return { error: cause instanceof Error ? cause.message : message };
  }
}

if (process.argv[2] !== undefined)
  console.log(JSON.stringify(await Promise.all((JSON.parse(process.argv[2]) as readonly Target[]).map(ask))));
