import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { SpeakerConfig } from '../../src/bgp/config.ts';
import type { TestNetns } from '../support/netns.ts';
import type { SpeakerCommand, SpeakerPicture } from './speaker-process.ts';

const PROGRAM = fileURLToPath(new URL('./speaker-process.ts', import.meta.url));

/** A speaker process in a namespace, and the latest that it told. */
export class RemoteSpeaker implements Disposable {
  readonly #child: ChildProcess;
  #picture: SpeakerPicture | undefined;
  #errors = '';

  /** `as` is put before the program: `setpriv …` takes rights away from it. */
  constructor(netns: TestNetns, as: readonly string[] = []) {
    this.#child = spawn('nsenter', [`--net=${netns.path}`, ...as, process.execPath, PROGRAM], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#errors += text.toString();
    });
    if (this.#child.stdout === null) throw new Error('no output of the speaker');
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#picture = JSON.parse(line) as SpeakerPicture;
    });
  }

  set(config: SpeakerConfig): void {
    this.#send({ kind: 'set', config });
  }

  stop(notify: boolean): void {
    this.#send({ kind: 'stop', notify });
  }

  /** Ends the process without letting it say anything. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Waits until what the speaker tells satisfies the test, and gives it. */
  async until(what: string, test: (picture: SpeakerPicture) => boolean): Promise<SpeakerPicture> {
    return await eventually(`the speaker: ${what}`, () => {
      const picture = this.#picture;
      if (picture !== undefined && test(picture)) return picture;
      throw new Error(`last told: ${JSON.stringify(picture)}; errors: ${this.#errors}`);
    });
  }

  /** The routes as `10.50.0.0/24 via 192.0.2.2`, sorted, once they are as expected. */
  async routes(expected: readonly string[]): Promise<void> {
    const wanted = expected.toSorted().join('; ');
    await this.until(`routes are ${wanted}`, ({ routes }) => {
      const lines = routes.map((r) => `${r.prefix} via ${r.nextHops.join(' ')}`).toSorted();
      return lines.join('; ') === wanted;
    });
  }

  #send(command: SpeakerCommand): void {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  [Symbol.dispose](): void {
    this.kill();
  }
}

/** Tries until it works; the last error tells what was still wrong. */
export async function eventually<T>(what: string, attempt: () => T | Promise<T>): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`, { cause: error });
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}
