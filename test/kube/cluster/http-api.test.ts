import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpApi } from '../../../src/kube/cluster/http-api.ts';
import type { KubeAnswer } from '../../../src/kube/cluster/kube-api.ts';
import { FakeKube, kubeNode } from '../../support/fake-kube.ts';
import { HttpKube, writeKubeconfig } from '../../support/http-kube.ts';

const NODES = '/api/v1/nodes';
const signal = new AbortController().signal;

let directory: string;
let api: HttpApi;
const file = (name: string): string => path.join(directory, name);

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(tmpdir(), 'grytest-kube-'));
  api = new HttpApi({ kubeconfig: file('config'), userAgent: 'gryphon/test' });
});
afterEach(async () => {
  await api.close();
  fs.rmSync(directory, { recursive: true });
});

async function read(answer: KubeAnswer): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of answer.body) parts.push(part);
  return Buffer.concat(parts).toString();
}

const list = (): Promise<KubeAnswer> => api.send({ method: 'GET', path: `${NODES}?limit=500` }, signal);

function kubeWithNode(): FakeKube {
  const kube = new FakeKube();
  kube.put(NODES, kubeNode('a', ['10.0.0.0/24'], '192.0.2.1'));
  return kube;
}

/** A CA of its own, valid for the loopback address. */
function selfSigned(name: string): { readonly key: string; readonly cert: string } {
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  execFileSync(
    'openssl',
    [
      ...args,
      '-subj',
      `/CN=${name}`,
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.crt`),
    ],
    { stdio: 'ignore' },
  );
  return {
    key: fs.readFileSync(file(`${name}.key`), 'utf8'),
    cert: fs.readFileSync(file(`${name}.crt`), 'utf8'),
  };
}

describe('requests', () => {
  it('share connections, and say who we are', async () => {
    await using server = await HttpKube.listen(kubeWithNode());
    writeKubeconfig(file('config'), server.url);
    for (let i = 0; i < 10; i++)
      expect(JSON.parse(await read(await list()))).toMatchObject({ items: [{ kind: 'Node' }] });
    expect(server.connections).toBeLessThan(4);
    expect(server.lastHeaders).toMatchObject({ accept: 'application/json', 'user-agent': 'gryphon/test' });
  });

  it('keep the path of a server that stands behind a proxy', async () => {
    const kube = kubeWithNode();
    await using server = await HttpKube.listen(kube);
    writeKubeconfig(file('config'), `${server.url}/k8s/c-1/`);
    await read(await list());
    expect(kube.requests).toEqual([`GET /k8s/c-1${NODES}?limit=500`]);
  });

  it('carry a body under its type', async () => {
    const kube = new FakeKube();
    await using server = await HttpKube.listen(kube);
    writeKubeconfig(file('config'), server.url);
    const body = { type: 'application/apply-patch+yaml', value: { metadata: { name: 'a' } } };
    expect((await api.send({ method: 'PATCH', path: `${NODES}/a/status`, body }, signal)).status).toBe(200);
    expect(kube.writes).toEqual([{ method: 'PATCH', path: `${NODES}/a/status`, body }]);
  });

  it('give other statuses as they are, with the time to wait', async () => {
    const kube = new FakeKube();
    await using server = await HttpKube.listen(kube);
    writeKubeconfig(file('config'), server.url);
    kube.mishaps.push({ kind: 'refused', status: 429, retryAfter: 7000 });
    expect(await list()).toMatchObject({ status: 429, retryAfter: 7000 });
  });
});

describe('a watch', () => {
  it('gives what comes when it comes, and ends with an error when the connection is cut', async () => {
    const kube = kubeWithNode();
    await using server = await HttpKube.listen(kube);
    writeKubeconfig(file('config'), server.url);
    const answer = await api.send({ method: 'GET', path: `${NODES}?watch=true&resourceVersion=101` }, signal);
    const parts = answer.body[Symbol.asyncIterator]();
    kube.bookmark();
    expect(Buffer.from((await parts.next()).value as Uint8Array).toString()).toContain('BOOKMARK');
    server.cut();
    await expect(parts.next()).rejects.toMatchObject({ code: 'GRY_KUBE_UNREACHABLE' });
  });

  it('that is given up ends with the reason, and lets the server know', async () => {
    const kube = kubeWithNode();
    await using server = await HttpKube.listen(kube);
    writeKubeconfig(file('config'), server.url);
    const abort = new AbortController();
    const answer = await api.send(
      { method: 'GET', path: `${NODES}?watch=true&resourceVersion=101` },
      abort.signal,
    );
    const reason = new Error('enough');
    const ended = read(answer);
    abort.abort(reason);
    await expect(ended).rejects.toBe(reason);
    await expect.poll(() => kube.watches).toBe(0);
  });
});

describe('credentials', () => {
  it('a token file is read again when the server does not believe the token', async () => {
    const tokens = new Set(['old']);
    await using server = await HttpKube.listen(kubeWithNode(), { tokens });
    fs.writeFileSync(file('token'), 'old');
    writeKubeconfig(
      file('config'),
      server.url,
      `{ tokenFile: ${file('token')}, auth-provider: { name: tokenFile, config: { tokenFile: ${file('token')} } } }`,
    );
    expect((await list()).status).toBe(200);
    tokens.clear();
    tokens.add('new');
    fs.writeFileSync(file('token'), 'new');
    expect((await list()).status).toBe(200);
    tokens.clear();
    expect((await list()).status).toBe(401);
  });

  it('a program gives the token', async () => {
    await using server = await HttpKube.listen(kubeWithNode(), { tokens: new Set(['from-exec']) });
    fs.writeFileSync(
      file('login'),
      '#!/bin/sh\necho \'{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-exec"}}\'\n',
      { mode: 0o755 },
    );
    const exec = `{ exec: { apiVersion: client.authentication.k8s.io/v1, command: ${file('login')}, interactiveMode: Never } }`;
    writeKubeconfig(file('config'), server.url, exec);
    expect((await list()).status).toBe(200);
  });

  it('the server is believed by the CA that is named, also by a new one in the same file, and by no other', async () => {
    const [first, second] = [selfSigned('first'), selfSigned('second')];
    fs.writeFileSync(file('ca.crt'), first.cert);
    let port: number;
    {
      await using server = await HttpKube.listen(kubeWithNode(), { tls: first });
      port = Number(new URL(server.url).port);
      writeKubeconfig(file('config'), server.url, '{}', `, certificate-authority: ${file('ca.crt')}`);
      expect((await list()).status).toBe(200);
    }
    await using _ = await HttpKube.listen(kubeWithNode(), { tls: second, port });
    const error = { code: 'GRY_KUBE_UNREACHABLE', remedy: expect.stringContaining('CA') as string };
    await expect(list()).rejects.toMatchObject(error);
    fs.writeFileSync(file('ca.crt'), second.cert);
    expect((await list()).status).toBe(200);
  });

  it.each([
    ['no file', () => {}, 'ENOENT'],
    ['no YAML', () => fs.writeFileSync(file('config'), '{'), ''],
    ['no cluster', () => fs.writeFileSync(file('config'), 'apiVersion: v1\nkind: Config\n'), ''],
  ])('%s is an error that names the file, and is tried again', async (_, write, reason) => {
    write();
    await expect(list()).rejects.toMatchObject({
      code: 'GRY_KUBE_CREDENTIALS',
      message: expect.stringMatching(new RegExp(`${file('config')}.*${reason}`)) as string,
    });
    await using server = await HttpKube.listen(kubeWithNode());
    writeKubeconfig(file('config'), server.url);
    expect((await list()).status).toBe(200);
  });

  it('a server that is away is an error with its address', async () => {
    writeKubeconfig(file('config'), 'http://127.0.0.1:1');
    await expect(list()).rejects.toMatchObject({
      code: 'GRY_KUBE_UNREACHABLE',
      message: expect.stringContaining('http://127.0.0.1:1: connect ECONNREFUSED') as string,
    });
  });
});
