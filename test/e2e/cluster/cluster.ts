import fs from 'node:fs';
import path from 'node:path';
import { type ApiServer, certifyControlPlane, startApiServer, startControllers } from './control-plane.ts';
import { Images } from './images.ts';
import { Kubectl } from './kubectl.ts';
import { layout } from './layout.ts';
import { Machine } from './machine.ts';
import { type ProxyMode, WorkerNode } from './node.ts';
import { Pki } from './pki.ts';
import { makeRunDirectory, removeDeadRuns } from './run.ts';
import { until } from './until.ts';

/** Nodes with either mode of kube-proxy: a service has to be reached from both. */
const proxyModes: readonly ProxyMode[] = ['iptables', 'nftables', 'iptables'];

/** A whole cluster on this machine. `Cluster.up` gives one whose nodes have registered and wait for a network. */
export class Cluster implements AsyncDisposable {
  readonly kubectl: Kubectl;
  readonly api: ApiServer;
  readonly controlPlane: Machine;
  /** Between the nodes and the world. */
  readonly router: Machine;
  /** A host behind the router that knows neither pods nor nodes. */
  readonly outside: Machine;
  readonly nodes: WorkerNode[] = [];
  readonly #resources: AsyncDisposableStack;
  readonly #parts: Parts;

  private constructor(parts: Parts, resources: AsyncDisposableStack) {
    this.#parts = parts;
    this.#resources = resources;
    this.controlPlane = parts.controlPlane;
    this.router = parts.router;
    this.outside = parts.outside;
    this.api = startApiServer(parts.controlPlane, parts.pki);
    this.kubectl = new Kubectl(parts.controlPlane, parts.pki.file('admin.kubeconfig'));
  }

  static async up(): Promise<Cluster> {
    await removeDeadRuns();
    await using resources = new AsyncDisposableStack();
    const directory = makeRunDirectory();
    resources.defer(() => fs.rmSync(directory, { recursive: true }));
    const boot = async (name: string): Promise<Machine> => {
      const machine = await Machine.boot({
        name,
        directory: path.join(directory, name),
        fresh: ['/run', '/var/lib'],
      });
      resources.defer(() => machine.halt());
      return machine;
    };
    const [lan, controlPlane, router, outside, pki, images] = await Promise.all([
      boot('lan'),
      boot('control-plane'),
      boot('router'),
      boot('outside'),
      Pki.create(path.join(directory, 'pki')),
      Images.create(path.join(directory, 'images')),
    ]);
    const parts: Parts = { directory, lan, controlPlane, router, outside, pki, images };
    await wire(parts);
    await certifyControlPlane(pki);
    const cluster = new Cluster(parts, resources.move());
    try {
      await cluster.#start();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { controlPlane, pki } = this.#parts;
    const controllers = this.answers().then(() => startControllers(controlPlane, pki));
    await Promise.all([controllers, ...layout.nodes.map((_, index) => this.addNode(index))]);
    await until('all nodes are registered', 60, async () => {
      const nodes = await this.kubectl.list('nodes');
      return nodes.length === layout.nodes.length;
    });
    // Its controllers are at work, too, when every namespace has got its service account.
    await until(
      'pods can be created',
      60,
      async () => (await this.kubectl.do('get serviceaccount default')) !== '',
    );
    const services = this.nodes.flatMap(({ containerd, kubelet, proxy }) => [containerd, kubelet, proxy]);
    for (const service of services) if (!service.isRunning) throw new Error(`has ended: ${service.log()}`);
  }

  /** Until the API server is ready. */
  async answers(): Promise<void> {
    await until('the API server is ready', 60, async () => {
      if (!this.api.apiServer.isRunning) throw new Error(this.api.apiServer.log());
      return (await this.kubectl.do('get --raw /readyz')) === 'ok';
    });
  }

  /** Boots the node with this place in the layout. */
  async addNode(index: number): Promise<WorkerNode> {
    const place = layout.nodes[index];
    if (place === undefined) throw new RangeError(`there is no place for a node ${index}`);
    const { directory, pki, images, lan } = this.#parts;
    const node = await WorkerNode.boot(
      {
        place,
        directory: path.join(directory, place.name),
        pki,
        images,
        proxyMode: proxyModes[index] ?? 'iptables',
      },
      async (machine) => {
        await plug(lan, machine, place.name, place);
        await defaultRoute(machine, layout.router);
      },
    );
    this.nodes[index] = node;
    return node;
  }

  node(index: number): WorkerNode {
    const node = this.nodes[index];
    if (node === undefined) throw new RangeError(`node ${index} does not run`);
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Also when a node does not want to end.
    await using _everythingElse = this.#resources;
    await Promise.all(this.nodes.map((node) => node.halt()));
  }
}

interface Parts {
  readonly directory: string;
  /** The switch. */
  readonly lan: Machine;
  readonly controlPlane: Machine;
  readonly router: Machine;
  readonly outside: Machine;
  readonly pki: Pki;
  readonly images: Images;
}

interface Addresses {
  readonly ipv4: string;
  readonly ipv6: string;
}

async function wire({ lan, controlPlane, router, outside }: Parts): Promise<void> {
  await lan.ip('link add br0 type bridge');
  await lan.ip('link set br0 up');
  await plug(lan, controlPlane, 'control', layout.controlPlane);
  await plug(lan, router, 'router', layout.router);
  await defaultRoute(controlPlane, layout.router);
  await router.connect('world', outside);
  await assign(router, 'world', layout.worldGateway);
  await assign(outside, 'eth0', layout.outside);
  await defaultRoute(outside, layout.worldGateway);
  await router.exec('sysctl', '--quiet', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
}

/** A cable from the switch to `eth0` of a machine. */
async function plug(lan: Machine, machine: Machine, port: string, addresses: Addresses): Promise<void> {
  await lan.connect(port, machine);
  await lan.ip(`link set ${port} master br0 up`);
  await assign(machine, 'eth0', addresses);
}

async function assign(machine: Machine, link: string, { ipv4, ipv6 }: Addresses): Promise<void> {
  await machine.ip(`address add ${ipv4}/24 dev ${link}`);
  await machine.ip(`address add ${ipv6}/64 dev ${link} nodad`);
  await machine.ip(`link set ${link} up`);
}

async function defaultRoute(machine: Machine, { ipv4, ipv6 }: Addresses): Promise<void> {
  await machine.ip(`route add default via ${ipv4}`);
  await machine.ip(`-6 route add default via ${ipv6}`);
}
