import fs from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { layout } from './layout.ts';

/** Who a certificate speaks for. */
interface Subject {
  readonly user: string;
  readonly group?: string;
  readonly names?: readonly string[];
}

/** A throw-away certificate authority, made by openssl: certificates, kubeconfigs, the key of service accounts. */
export class Pki {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async create(directory: string): Promise<Pki> {
    fs.mkdirSync(directory, { recursive: true });
    const pki = new Pki(directory);
    await Promise.all([
      pki.#openssl(
        'req',
        '-x509',
        ...newKey('ca'),
        '-days',
        '2',
        '-subj',
        '/CN=gryphon-e2e',
        '-out',
        'ca.crt',
      ),
      pki.#openssl('genrsa', '-out', 'sa.key', '2048'),
    ]);
    await pki.#openssl('rsa', '-in', 'sa.key', '-pubout', '-out', 'sa.pub');
    return pki;
  }

  file(name: string): string {
    return path.join(this.#directory, name);
  }

  /** Makes NAME.crt and NAME.key. */
  async certify(name: string, { user, group, names = [] }: Subject): Promise<void> {
    const subject = `${group === undefined ? '' : `/O=${group}`}/CN=${user}`;
    const alternative = names.map((n) => (/^[\d.]+$|:/.test(n) ? `IP:${n}` : `DNS:${n}`)).join(',');
    const extensions = `extendedKeyUsage=clientAuth,serverAuth\n${alternative === '' ? '' : `subjectAltName=${alternative}\n`}`;
    fs.writeFileSync(this.file(`${name}.ext`), extensions);
    await this.#openssl('req', ...newKey(name), '-subj', subject, '-out', `${name}.csr`);
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-set_serial', String(serial++)];
    const files = ['-in', `${name}.csr`, '-out', `${name}.crt`, '-extfile', `${name}.ext`];
    await this.#openssl('x509', '-req', ...files, ...by, '-days', '2');
  }

  /** Makes a certificate for a client, and NAME.kubeconfig, whose path it gives. */
  async kubeconfig(name: string, subject: Subject): Promise<string> {
    await this.certify(name, subject);
    const cluster = { server: layout.apiServer, 'certificate-authority': this.file('ca.crt') };
    const user = { 'client-certificate': this.file(`${name}.crt`), 'client-key': this.file(`${name}.key`) };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'e2e', cluster }],
      users: [{ name, user }],
      contexts: [{ name, context: { cluster: 'e2e', user: name } }],
      'current-context': name,
    };
    fs.writeFileSync(this.file(`${name}.kubeconfig`), JSON.stringify(config));
    return this.file(`${name}.kubeconfig`);
  }

  async #openssl(...args: readonly string[]): Promise<void> {
    await execa('openssl', args, { cwd: this.#directory });
  }
}

let serial = 1;
const newKey = (name: string): readonly string[] => [
  '-newkey',
  'ec',
  '-pkeyopt',
  'ec_paramgen_curve:prime256v1',
  '-nodes',
  '-keyout',
  `${name}.key`,
];
