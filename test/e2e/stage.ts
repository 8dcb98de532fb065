import { Cluster } from './cluster/cluster.ts';
import type { Probe } from './probe/probes.ts';

/** What the chapters play on: one cluster for all of them, and the figures that they found. */
export class Stage {
  #cluster: Cluster | undefined;
  readonly #figures: (readonly [what: string, value: string])[] = [];
  /** The probes, once they are deployed. */
  probes: readonly Probe[] = [];

  get cluster(): Cluster {
    if (this.#cluster === undefined) throw new Error('the cluster is not up');
    return this.#cluster;
  }

  async open(): Promise<void> {
    const start = Date.now();
    this.#cluster = await Cluster.up();
    this.figure('from nothing to three registered nodes', seconds(Date.now() - start));
  }

  /** Something that was measured; all are printed at the end. */
  figure(what: string, value: string): void {
    this.#figures.push([what, value]);
  }

  async close(): Promise<void> {
    const width = Math.max(...this.#figures.map(([what]) => what.length));
    const lines = this.#figures.map(([what, value]) => `  ${what.padEnd(width)}  ${value}`);
    process.stdout.write(`\nFigures of the end-to-end tests\n${lines.join('\n')}\n\n`);
    await this.#cluster?.[Symbol.asyncDispose]();
  }

  /** What one would look at when something went wrong. */
  async diagnose(): Promise<string> {
    const { kubectl, nodes, api } = this.cluster;
    const look = async (title: string, text: Promise<string>): Promise<string> =>
      `--- ${title}\n${await text.catch((error: unknown) => String(error))}`;
    const parts = await Promise.all([
      look('nodes', kubectl.do('get nodes --output wide')),
      look('pods', kubectl.do('get pods --all-namespaces --output wide')),
      look('events', kubectl.do('get events --all-namespaces --sort-by .lastTimestamp')),
      ...nodes.flatMap(({ name, machine, kubelet }) => [
        look(`agent of ${name}`, machine.exec('curl', '--silent', 'http://127.0.0.1:17179/v1/status')),
        look(`routes of ${name}`, machine.ip('route')),
        look(`kubelet of ${name}`, Promise.resolve(kubelet.log())),
      ]),
      look('API server', Promise.resolve(api.apiServer.log())),
      look(
        'agents',
        kubectl.do('--namespace gryphon-system logs --selector k8s-app=gryphon --tail 40 --prefix'),
      ),
    ]);
    return parts.join('\n');
  }
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
