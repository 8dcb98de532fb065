import fs from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';

/** What the image made here is called. */
export const imageName = 'localhost/hello:test';
/** The port on which its only program answers. */
export const imagePort = 8080;

/** Says hello to whoever connects, over either family. Left behind, it ends by itself. */
const program = `#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static void stop(int signal) { _exit(signal == SIGALRM); }

int main(void) {
  struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(${imagePort})};
  signal(SIGTERM, stop);
  signal(SIGALRM, stop);
  alarm(300);
  int server = socket(AF_INET6, SOCK_STREAM, 0);
  if (bind(server, (struct sockaddr *)&any, sizeof any) != 0 || listen(server, 8) != 0) return 1;
  for (;;) {
    int caller = accept(server, NULL, NULL);
    char request[512];
    if (read(caller, request, sizeof request) > 0) write(caller, "HTTP/1.0 200 OK\\r\\n\\r\\nhello\\n", 25);
    close(caller);
  }
}
`;

/** Makes the image in this directory as `docker save` would write it, without a registry; gives the file. */
export async function makeImage(directory: string): Promise<string> {
  fs.mkdirSync(path.join(directory, 'root'), { recursive: true });
  fs.writeFileSync(path.join(directory, 'hello.c'), program);
  const run = (file: string, ...args: string[]) => execa(file, args, { cwd: directory });
  await run('musl-gcc', '-static', '-o', 'root/hello', 'hello.c');
  await run('tar', '-C', 'root', '-cf', 'layer.tar', '.');
  const [digest] = (await run('sha256sum', 'layer.tar')).stdout.split(' ');
  const config = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Entrypoint: ['/hello'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  };
  fs.writeFileSync(path.join(directory, 'config.json'), JSON.stringify(config));
  const manifest = [{ Config: 'config.json', RepoTags: [imageName], Layers: ['layer.tar'] }];
  fs.writeFileSync(path.join(directory, 'manifest.json'), JSON.stringify(manifest));
  await run('tar', '-cf', 'image.tar', 'manifest.json', 'config.json', 'layer.tar');
  return path.join(directory, 'image.tar');
}
