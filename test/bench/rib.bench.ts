/**
 * The speaker alone, forwarding between external peers over the loopback: for whoever changes the route tables and wants to see
 * at once what it does, or to look into a profile. `bgp-forwarding.bench.ts` compares with other daemons.
 *
 *   node test/bench/rib.bench.ts [PREFIXES [mixed|single [NODE-FLAG...]]]
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { SpeakerConfig } from '../../src/bgp/config.ts';
import { address } from '../../src/net/address.ts';
import { nodeFlags } from '../support/launcher.ts';
import { announcement, type Shape, withdrawal } from './bgp/tables.ts';

const [countText = '100000', shapeText = 'mixed', ...flags] = process.argv.slice(2);
const count = Number(countText);
const shape: Shape = shapeText === 'single' ? 'single' : 'mixed';
const directory = mkdtempSync(join(tmpdir(), 'gryphon-rib-'));
const path = (name: string): string => join(directory, name);
const PORT = 21_790 + (process.pid % 10_000);

/** Lines of a child, awaited by their first word. */
class Lines {
  readonly child: ChildProcess;
  readonly #lines: string[] = [];
  #wake: () => void = () => {};

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.child.stdout === null) throw new Error('no output');
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
  }

  async answer(word: string): Promise<number> {
    for (;;) {
      const at = this.#lines.findIndex((line) => line.startsWith(`${word} `));
      if (at >= 0)
        return Number(
          this.#lines
            .splice(0, at + 1)
            .at(-1)
            ?.split(' ')[1],
        );
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  say(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }
}

const config: SpeakerConfig = {
  routerID: address('127.0.0.1'),
  localAS: 64_512,
  listen: [{ address: address('127.0.0.1'), port: PORT }],
  originated: [],
  nextHops: { ipv4: address('192.0.2.1') },
  peers: [2, 3, 4].map((n) => ({
    name: `peer/${n}`,
    address: address(`127.0.0.${n}`),
    port: 179,
    localAddress: address('127.0.0.1'),
    localAS: 64_512,
    remoteAS: 65_000 + n,
    families: ['ipv4-unicast'],
    holdTime: 240,
    keepaliveTime: 80,
    passive: true,
    import: { kind: 'all' },
    export: { kind: 'all' },
  })),
};
const peer = (n: number): Lines =>
  new Lines(path('peer'), [`127.0.0.${n}`, '127.0.0.1', String(PORT), String(65_000 + n), '240']);

execFileSync('gcc', ['-O2', '-o', path('peer'), join(import.meta.dirname, 'bgp/peer.c')]);
writeFileSync(path('config.json'), JSON.stringify(config));
writeFileSync(path('table'), announcement(count, shape, { as: 65_002, nextHop: [192, 0, 2, 2] }));
writeFileSync(path('gone'), withdrawal(count));
const speaker = new Lines(process.execPath, [
  ...nodeFlags(),
  ...flags,
  join(import.meta.dirname, 'rib-speaker.ts'),
  path('config.json'),
]);
await speaker.answer('listening');
const [sender, receiver] = [peer(2), peer(3)];
await Promise.all([sender.answer('established'), receiver.answer('established')]);
await new Promise((resolve) => {
  setTimeout(resolve, 500);
});
const memory = (which: string): number =>
  Number(
    new RegExp(`${which}:\\s+(\\d+)`).exec(readFileSync(`/proc/${speaker.child.pid}/status`, 'utf8'))?.[1],
  ) / 1024;
const idle = memory('VmRSS');
const timed = async (file: string, target: number): Promise<number> => {
  receiver.say(`target ${target}`);
  sender.say(`send ${path(file)}`);
  const start = await sender.answer('first');
  return (await receiver.answer('reached')) - start;
};
const announced = await timed('table', count);
const after = memory('VmRSS');
const late = peer(4);
late.say(`target ${count}`);
const joined = await late.answer('established');
const caughtUp = (await late.answer('reached')) - joined;
const withdrawn = await timed('gone', 0);
console.log(
  `${count} ${shape}: all received ${announced.toFixed(0)} ms, late joiner ${caughtUp.toFixed(0)} ms, withdrawn ${withdrawn.toFixed(0)} ms;` +
    ` memory +${(after - idle).toFixed(0)} MB, at most +${(memory('VmHWM') - idle).toFixed(0)} MB`,
);
speaker.say('report');
speaker.child.stdout?.pipe(process.stdout);
await new Promise((resolve) => {
  speaker.child.once('exit', resolve);
});
for (const { child } of [sender, receiver, late]) child.kill('SIGKILL');
rmSync(directory, { recursive: true });
