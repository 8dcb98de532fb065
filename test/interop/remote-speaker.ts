import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SpeakerConfig } from '../../src/bgp/config.ts';
import type { StopMode } from '../../src/bgp/speaker.ts';
import type { PeerStatus } from '../../src/bgp/status.ts';
import type { TestNetns } from '../support/netns.ts';
import { eventually } from './eventually.ts';
import type { SpeakerCommand, SpeakerPicture } from './speaker-process.ts';

const PROGRAM = fileURLToPath(new URL('./speaker-process.ts', import.meta.url));

export interface RemoteOptions {
  /** Put before the program: `setpriv …` takes rights away from it. */
  readonly as?: readonly string[];
  /** It follows an earlier run. */
  readonly restart?: boolean;
}

/** A speaker process in a namespace, and the latest that it told. */
export class RemoteSpeaker implements Disposable {
  readonly #child: ChildProcess;
  #picture: SpeakerPicture | undefined;
  #errors = '';

  constructor(netns: TestNetns, { as = [], restart = false }: RemoteOptions = {}) {
    const program = [process.execPath, PROGRAM, ...(restart ? ['restart'] : [])];
    this.#child = spawn('nsenter', [`--net=${netns.path}`, ...as, ...program], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#errors += text.toString();
    });
    let unread = '';
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (unread + text).split('\n');
      // A process that is killed leaves half a line.
      unread = lines.pop() ?? '';
      const latest = lines.at(-1);
      if (latest !== undefined) this.#picture = JSON.parse(latest) as SpeakerPicture;
    });
  }

  set(config: SpeakerConfig): void {
    this.#send({ kind: 'set', config });
  }

  stop(how: StopMode): void {
    this.#send({ kind: 'stop', how });
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

  /** Waits until the only peer is as the test says. */
  async peer(what: string, test: (peer: PeerStatus) => boolean, name?: string): Promise<PeerStatus> {
    const find = ({ peers }: SpeakerPicture): PeerStatus | undefined =>
      peers.find((p) => name === undefined || p.name === name);
    const matches = (picture: SpeakerPicture): boolean => {
      const found = find(picture);
      return found !== undefined && test(found);
    };
    const found = find(await this.until(what, matches));
    if (found === undefined) throw new Error('no peer');
    return found;
  }

  async established(name?: string): Promise<PeerStatus> {
    return await this.peer('established', (p) => p.state === 'established', name);
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
