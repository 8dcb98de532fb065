import { type Static, type TSchema, type TSchemaOptions, type TUnsafe, Type } from 'typebox';
import type { ListenAddress } from '../../api/address.ts';
import type { Prefix } from '../../net/prefix.ts';

/** How the text of a setting is read; `decoders` in `decoder.ts` has one entry for each. */
export type SettingForm =
  | 'name'
  | 'path'
  | 'choice'
  | 'switch'
  | 'count'
  | 'seconds'
  | 'prefixes'
  | 'listen-address';

/** What a setting declares besides its JSON type. */
export interface SettingOptions {
  readonly form: SettingForm;
  /** As a user would write it on the command line; absent: no default, or one that `derived` tells. */
  readonly default?: string;
  /** What the default is made of, for people: `cni.sock in the run directory`. */
  readonly derived?: string;
  readonly description: string;
  /** Never printed. */
  readonly secret?: boolean;
}

/** A setting whose value, once decoded, is a `T`. */
function setting<T>(options: SettingOptions & TSchemaOptions): TUnsafe<T> {
  return Type.Unsafe<T>(options);
}

const optionalPath = (description: string): TUnsafe<string | undefined> =>
  setting({ type: 'string', form: 'path', description });

const path = (standard: string, description: string): TUnsafe<string> =>
  setting({ type: 'string', form: 'path', default: standard, description });

const onOff = (standard: 'on' | 'off', description: string): TUnsafe<boolean> =>
  setting({ type: 'boolean', form: 'switch', default: standard, description });

const seconds = (standard: number, minimum: number, maximum: number, description: string): TUnsafe<number> =>
  setting({ type: 'integer', form: 'seconds', default: String(standard), minimum, maximum, description });

const count = (standard: number, minimum: number, maximum: number, description: string): TUnsafe<number> =>
  setting({ type: 'integer', form: 'count', default: String(standard), minimum, maximum, description });

function choice<T extends string>(values: readonly T[], standard: T, description: string): TUnsafe<T> {
  return setting({ type: 'string', form: 'choice', enum: values, default: standard, description });
}

/**
 * Every setting of the process, declared once: the flag, the variable, the key of the file, `--help`, the reference page and
 * the checks come from here. What belongs to the network (AS numbers, peers, pools) is not here but in Gryphon's kinds.
 */
export const settingsSchema = Type.Object({
  config: optionalPath('YAML file with settings under their file keys.'),
  nodeName: setting<string | undefined>({
    type: 'string',
    form: 'name',
    derived: 'the host name',
    description: "This node's name in Kubernetes; in the DaemonSet from the downward API.",
  }),
  source: choice(
    ['kubernetes', 'manifests'],
    'kubernetes',
    'Where Nodes and Gryphon objects come from: the API server, or a directory of manifests.',
  ),
  manifests: optionalPath(
    'Directory of Kubernetes YAML or JSON files, watched for changes; for source manifests.',
  ),
  kubeconfig: optionalPath(
    'File that tells how to reach the API server, for source kubernetes; none: the service account of the pod.',
  ),
  namespace: setting<string>({
    type: 'string',
    form: 'name',
    default: 'gryphon-system',
    description: 'Namespace of the agent, in which the Secrets are that hold passwords of BGP.',
  }),
  calicoKinds: onOff(
    'off',
    "Read Calico's BGPConfigurations, BGPPeers, BGPFilters and IPPools too, and its annotations of Nodes; Gryphon's own count before them.",
  ),
  clusterCIDR: setting<readonly Prefix[]>({
    type: 'array',
    form: 'prefixes',
    default: '',
    description: 'Ranges of all pods, comma-separated; used where no IPPool exists.',
  }),
  bgp: onOff('on', 'Speak BGP. Off: the remote routes come from Node objects alone.'),
  bgpPort: count(179, 1, 65_535, 'TCP port of BGP, unless a BGPConfiguration sets listenPort.'),
  selectionDeferral: seconds(
    60,
    0,
    3600,
    'How long after a start routes learned by an earlier run are kept while peers have not sent End-of-RIB.',
  ),
  masquerade: onOff('on', 'Translate pod traffic that leaves the pools to the node address.'),
  mtu: count(0, 0, 65_535, 'MTU of pod links; 0: that of the uplink of the node.'),
  allowIPForwarding: onOff('off', 'Pods may forward packets between interfaces of their own.'),
  routeProtocol: count(
    71,
    5,
    255,
    'Number that marks our routes in the kernel. Changing it leaves the routes of the old number behind.',
  ),
  resyncInterval: seconds(60, 5, 86_400, 'How often the state of the kernel is read back and repaired.'),
  apiAddress: setting<ListenAddress>({
    type: 'string',
    form: 'listen-address',
    default: '127.0.0.1:17179',
    description: 'Where the status API listens.',
  }),
  metricsAddress: setting<ListenAddress | undefined>({
    type: 'string',
    form: 'listen-address',
    default: ':17180',
    optional: true,
    description: 'Where /metrics is served for Prometheus; empty: nowhere.',
  }),
  runDir: path('/run/gryphon', 'Directory of sockets and of the queue of CNI deletions.'),
  stateDir: path('/var/lib/gryphon', 'Directory of the IPAM journal.'),
  sysctlDir: path(
    '/proc/sys',
    "Where /proc/sys can be written: in a container, whose own cannot, the host's, mounted there.",
  ),
  cniBinDir: path('/opt/cni/bin', 'Where the CNI executable is installed.'),
  cniPluginDir: path(
    '/usr/lib/cni',
    'Where the reference plugins come from that are installed beside it: portmap, bandwidth, loopback, host-local, tuning. Newer ones are kept.',
  ),
  cniConfDir: path('/etc/cni/net.d', 'Where the CNI configuration list is written.'),
  cniSocket: setting<string>({
    type: 'string',
    form: 'path',
    derived: 'cni.sock in the run directory',
    description: 'Unix socket on which the agent answers the CNI executable.',
  }),
  logLevel: choice(['debug', 'info', 'warn', 'error'], 'info', 'Least severe lines that are logged.'),
});

/** All settings, decoded; a setting without value is undefined. */
export type Settings = Readonly<Static<typeof settingsSchema>>;
export type SettingKey = keyof Settings;

/** Which source gave a setting its value, strongest first. */
export type SettingOrigin = 'flag' | 'environment' | 'file' | 'default';

/** A property of `settingsSchema`, as the generic code sees it. */
export type SettingSchema = TSchema &
  SettingOptions & {
    readonly minimum?: number;
    readonly maximum?: number;
    readonly enum?: readonly string[];
    readonly optional?: boolean;
  };
