import { execa } from 'execa';
import { binary } from './binaries.ts';
import type { Machine } from './machine.ts';

/** An object as the API gives it, as far as tests look into it: Nodes, Pods and the like, which have both parts. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, unknown>>;
}

/** kubectl as the administrator, on the machine of the control plane. */
export class Kubectl {
  readonly #machine: Machine;
  readonly #kubeconfig: string;

  constructor(machine: Machine, kubeconfig: string) {
    this.#machine = machine;
    this.#kubeconfig = kubeconfig;
  }

  /** Its standard output. @throws ExecaError, with what kubectl said */
  async run(args: readonly string[], input?: string): Promise<string> {
    const [first = '', ...entrance] = this.#machine.entrance;
    const command = [...entrance, binary('kubectl'), '--kubeconfig', this.#kubeconfig, ...args];
    return (await execa(first, command, { timeout: 180_000, ...(input !== undefined && { input }) })).stdout;
  }

  /** `do('rollout status daemonset gryphon')`. */
  do(line: string): Promise<string> {
    return this.run(line.split(' '));
  }

  /** Applies these objects, given as YAML or JSON. */
  apply(manifest: string): Promise<string> {
    return this.run(['apply', '--filename', '-'], manifest);
  }

  async list(line: string): Promise<readonly KubeObject[]> {
    const answer = JSON.parse(await this.do(`get ${line} --output json`)) as { items: readonly KubeObject[] };
    return answer.items;
  }

  async get(line: string): Promise<KubeObject> {
    return JSON.parse(await this.do(`get ${line} --output json`)) as KubeObject;
  }
}
