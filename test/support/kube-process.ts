/**
 * The fake API server in a process of its own, for agents in namespaces: `node kube-process.ts KUBECONFIG`. Each line of standard input is
 * a command as JSON, each write that arrives is a line of standard output.
 */
import { createInterface } from 'node:readline';
import { FakeKube, type KubeObject } from './fake-kube.ts';
import { HttpKube, writeKubeconfig } from './http-kube.ts';

export type KubeCommand =
  | { readonly do: 'put'; readonly path: string; readonly object: KubeObject }
  | { readonly do: 'delete'; readonly path: string; readonly name: string }
  /** All connections end, and new ones are refused until `up`. */
  | { readonly do: 'down' | 'up' };

const kube = new FakeKube();
const server = await HttpKube.listen(kube);
writeKubeconfig(process.argv[2] ?? '', server.url);

const send = kube.send.bind(kube);
kube.send = async (request, signal) => {
  const answer = await send(request, signal);
  if (request.method !== 'GET') console.log(JSON.stringify(request));
  return answer;
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as KubeCommand;
  if (command.do === 'put') kube.put(command.path, command.object);
  else if (command.do === 'delete') kube.delete(command.path, command.name);
  else {
    kube.down = command.do === 'down';
    if (kube.down) server.cut();
  }
  console.log('done');
}
process.exit(0);
