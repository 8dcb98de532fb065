import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { encodeProto, type ProtoField, ProtoMessage } from './protobuf.ts';

/** Milliseconds for one call. */
const TIMEOUT = 60_000;

/** What a runtime says about a sandbox. */
export interface SandboxStatus {
  readonly ready: boolean;
  readonly ips: readonly string[];
}

export interface HostPort {
  readonly hostPort: number;
  readonly containerPort: number;
}

/** The few calls of the Container Runtime Interface (runtime.v1.RuntimeService) by which a kubelet makes and ends sandboxes. */
export class CriClient {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** The reason why the network is not ready; undefined: it is. */
  async networkProblem(): Promise<string | undefined> {
    const conditions = (await this.#call('Status', [])).message(1).messages(1);
    const network = conditions.find((condition) => condition.text(1) === 'NetworkReady');
    return network?.number(2) === 1 ? undefined : (network?.text(4) ?? 'no condition NetworkReady');
  }

  /** Gives the sandbox's ID. */
  async run(name: string, cgroupParent: string, ports: readonly HostPort[] = []): Promise<string> {
    const metadata: ProtoField = [
      1,
      [
        [1, name],
        [2, `uid-${name}`],
        [3, 'default'],
      ],
    ];
    const mappings = ports.map(
      ({ hostPort, containerPort }): ProtoField => [
        5,
        [
          [2, containerPort],
          [3, hostPort],
        ],
      ],
    );
    // The network and IPC of the pod are its own by default (0); its processes are those of the container (1).
    const namespaces: ProtoField = [1, [[2, 1]]];
    const linux: ProtoField = [
      8,
      [
        [1, cgroupParent],
        [2, [namespaces]],
      ],
    ];
    return (await this.#call('RunPodSandbox', [[1, [metadata, [2, name], ...mappings, linux]]])).text(1);
  }

  async status(id: string): Promise<SandboxStatus> {
    const status = (await this.#call('PodSandboxStatus', [[1, id]])).message(1);
    const network = status.message(5);
    const ips = [network.text(1), ...network.messages(2).map((more) => more.text(1))];
    return { ready: status.number(3) === 0, ips: ips.filter((ip) => ip !== '') };
  }

  async stop(id: string): Promise<void> {
    await this.#call('StopPodSandbox', [[1, id]]);
  }

  async remove(id: string): Promise<void> {
    await this.#call('RemovePodSandbox', [[1, id]]);
  }

  /** IDs of all sandboxes. */
  async list(): Promise<readonly string[]> {
    return (await this.#call('ListPodSandbox', [])).messages(1).map((sandbox) => sandbox.text(1));
  }

  async #call(method: string, fields: readonly ProtoField[]): Promise<ProtoMessage> {
    const client = new Client(`unix:${this.#socket}`, credentials.createInsecure(), {
      // containerd refuses the escaped path that would stand here.
      'grpc.default_authority': 'localhost',
    });
    try {
      return await new Promise((resolve, reject) => {
        const path = `/runtime.v1.RuntimeService/${method}`;
        const deadline = { deadline: Date.now() + TIMEOUT };
        client.makeUnaryRequest(path, encode, decode, fields, new Metadata(), deadline, (error, answer) => {
          if (answer !== undefined) resolve(answer);
          else reject(new Error(`${method}: ${error?.details ?? 'no answer'}`));
        });
      });
    } finally {
      client.close();
    }
  }
}

const encode = (fields: readonly ProtoField[]): Buffer => Buffer.from(encodeProto(fields));
const decode = (bytes: Buffer): ProtoMessage => new ProtoMessage(bytes);
