import http2 from 'node:http2';
import net from 'node:net';
import { encodeProto, type ProtoField, ProtoMessage } from './protobuf.ts';

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

  /** One unary gRPC call: a message behind five bytes (not compressed, length), its status in the trailers. */
  async #call(method: string, fields: readonly ProtoField[]): Promise<ProtoMessage> {
    const session = http2.connect('http://localhost', {
      createConnection: () => net.connect({ path: this.#socket }),
    });
    try {
      const body = encodeProto(fields);
      const head = Buffer.alloc(5);
      head.writeUInt32BE(body.length, 1);
      const stream = session.request({
        ':method': 'POST',
        ':path': `/runtime.v1.RuntimeService/${method}`,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      const answer = this.#receive(session, stream, method);
      stream.end(Buffer.concat([head, body]));
      return await answer;
    } finally {
      session.destroy();
    }
  }

  #receive(
    session: http2.ClientHttp2Session,
    stream: http2.ClientHttp2Stream,
    method: string,
  ): Promise<ProtoMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<ProtoMessage>();
    const chunks: Buffer[] = [];
    let outcome: http2.IncomingHttpHeaders = {};
    session.on('error', reject);
    stream.on('error', reject);
    // Without a message the status comes with the headers.
    stream.on('response', (headers) => (outcome = { ...outcome, ...headers }));
    stream.on('trailers', (trailers) => (outcome = { ...outcome, ...trailers }));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      if (outcome['grpc-status'] === '0') resolve(new ProtoMessage(Buffer.concat(chunks).subarray(5)));
      else reject(new Error(`${method}: ${decodeURIComponent(String(outcome['grpc-message']))}`));
    });
    return promise;
  }
}
