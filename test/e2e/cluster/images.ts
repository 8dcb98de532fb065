import fs from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { writeArchive } from '../../../hack/image/archive.ts';
import { fileEntry } from '../../../hack/image/files.ts';
import { inCheckout } from './layout.ts';
import type { Machine } from './machine.ts';
import { until } from './until.ts';

/** The program that keeps a pod's namespaces. */
export const pauseImage = 'localhost/pause:e2e';

const pause = `#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void stop(int signal) { _exit(0); }
static void reap(int signal) { while (waitpid(-1, NULL, WNOHANG) > 0); }

int main(void) {
  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  signal(SIGCHLD, reap);
  for (;;) pause();
}
`;

/** Archives that every node imports: no registry is asked for anything. */
export class Images {
  readonly #archives: readonly string[];

  private constructor(archives: readonly string[]) {
    this.#archives = archives;
  }

  /** The agent's as `make image` has packed it, and the pause image, made here. */
  static async create(directory: string): Promise<Images> {
    fs.mkdirSync(directory, { recursive: true });
    const agent = inCheckout('dist/gryphon-image.tar');
    if (!fs.existsSync(agent)) throw new Error(`${agent} is missing; run "make image"`);
    const [source, program] = [path.join(directory, 'pause.c'), path.join(directory, 'pause')];
    fs.writeFileSync(source, pause);
    await execa('musl-gcc', ['-static', '-Os', '-o', program, source]);
    const archive = path.join(directory, 'pause.tar');
    await writeArchive(archive, {
      name: pauseImage,
      entrypoint: ['/pause'],
      layers: [[fileEntry('pause', program, 0o755)]],
    });
    return new Images([archive, agent]);
  }

  /** As soon as its containerd answers. */
  async importInto(machine: Machine): Promise<void> {
    await until(
      `containerd of ${machine.name} answers`,
      30,
      async () => (await machine.exec('ctr', 'version')) !== '',
    );
    for (const archive of this.#archives)
      await machine.exec('ctr', '--namespace', 'k8s.io', 'images', 'import', '--no-unpack', archive);
  }
}
