import { execRunner } from '../../src/iptables/exec-runner.ts';
import type { Runner } from '../../src/ports/runner.ts';
import type { TestNetns } from './netns.ts';

/** Runs real programs inside a namespace, remembering which; `environment` is added to theirs (`NAME=value`). */
export class NetnsRunner implements Runner {
  readonly calls: string[] = [];
  readonly #netns: TestNetns;
  readonly #environment: readonly string[];

  constructor(netns: TestNetns, environment: readonly string[] = []) {
    this.#netns = netns;
    this.#environment = environment;
  }

  run: Runner['run'] = (request) => {
    this.calls.push([request.file, ...request.args].join(' '));
    const args = [`--net=${this.#netns.path}`, 'env', ...this.#environment, request.file, ...request.args];
    return execRunner.run({ ...request, file: 'nsenter', args });
  };
}
