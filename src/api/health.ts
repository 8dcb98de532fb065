import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Health } from './resources/health.ts';
import type { AgentView, HealthCheck } from './view.ts';

/**
 * `/livez` and `/readyz` as Kubernetes' own components answer them: 200 or 503, `ok` or one line per check. The lines come when
 * `?verbose` asks for them and when a check fails; whoever accepts `application/json` gets `Health`.
 */
export function registerHealth(app: FastifyInstance, view: AgentView): void {
  const options = { schema: { response: { 200: Health, 503: Health } } };
  app.get('/livez', options, (request, reply) => answer(request, reply, 'livez', view.live()));
  app.get('/readyz', options, (request, reply) => answer(request, reply, 'readyz', view.ready()));
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  checks: readonly HealthCheck[],
): FastifyReply {
  const ok = checks.every((check) => check.ok);
  reply.code(ok ? 200 : 503).header('cache-control', 'no-store');
  if (request.headers.accept?.includes('application/json') === true) return reply.send({ ok, checks });
  const verbose = new URLSearchParams(request.url.split('?')[1]).has('verbose');
  return reply.type('text/plain; charset=utf-8').send(ok && !verbose ? 'ok' : healthText(name, ok, checks));
}

/** `[+]synced ok`, `[-]bgp failed: 0 of 3 peers established`, then the verdict. */
export function healthText(name: string, ok: boolean, checks: readonly HealthCheck[]): string {
  const lines = checks.map((check) =>
    check.ok ? `[+]${check.name} ok` : `[-]${check.name} failed: ${check.detail}`,
  );
  return `${[...lines, `${name} check ${ok ? 'passed' : 'failed'}`].join('\n')}\n`;
}
