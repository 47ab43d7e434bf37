// The gateway as most people write it first on Workers: every request reads everything, and awaits it.
import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";

interface Env {
  readonly CONFIG: KVNamespace;
  readonly CACHE: KVNamespace;
  readonly LIMITER: DurableObjectNamespace<Limiter>;
  readonly BREAKER: DurableObjectNamespace<Breaker>;
  readonly UPSTREAM: Fetcher;
}

interface Config {
  readonly capacity: number;
  readonly rate: number; // tokens a second
  readonly timeoutMs: number;
}

/** One Durable Object per caller; its tokens in storage. */
export class Limiter extends DurableObject {
  async take(capacity: number, rate: number): Promise<boolean> {
    const now = Date.now();
    const state = (await this.ctx.storage.get<{ tokens: number; at: number }>("state")) ?? { tokens: capacity, at: now };
    const tokens = Math.min(capacity, state.tokens + ((now - state.at) * rate) / 1000);
    if (tokens < 1) return false;
    await this.ctx.storage.put("state", { tokens: tokens - 1, at: now });
    return true;
  }
}

/** One Durable Object per service; failures in a row in storage. */
export class Breaker extends DurableObject {
  async isOpen(): Promise<boolean> {
    const state = await this.ctx.storage.get<{ failures: number; at: number }>("state");
    return state !== undefined && state.failures >= 5 && Date.now() - state.at < 30_000;
  }

  async report(ok: boolean): Promise<void> {
    const state = (await this.ctx.storage.get<{ failures: number; at: number }>("state")) ?? { failures: 0, at: 0 };
    if (ok && state.failures === 0) return;
    await this.ctx.storage.put("state", { failures: ok ? 0 : state.failures + 1, at: Date.now() });
  }
}

const app = new Hono<{ Bindings: Env }>();

app.all("*", async (c) => {
  const config = await c.env.CONFIG.get<Config>("config", "json");
  if (config === null) return c.json({ error: "no configuration" }, 500);

  const caller = c.req.header("cf-connecting-ip") ?? "unknown";
  const limiter = c.env.LIMITER.get(c.env.LIMITER.idFromName(caller));
  if (!(await limiter.take(config.capacity, config.rate))) return c.json({ error: "too many requests" }, 429);

  const breaker = c.env.BREAKER.get(c.env.BREAKER.idFromName("users"));
  if (await breaker.isOpen()) return c.json({ error: "unavailable" }, 503);

  const body = c.req.method === "GET" ? null : await c.req.text();
  const cached = await c.env.CACHE.get(`${c.req.method}:${c.req.path}:${body ?? ""}`);
  if (cached !== null) return c.body(cached, 200, { "content-type": "application/json" });

  const headers = new Headers(c.req.raw.headers);
  headers.set("x-request-id", crypto.randomUUID());
  const response = await c.env.UPSTREAM.fetch(c.req.url, {
    method: c.req.method,
    headers,
    body,
    signal: AbortSignal.timeout(config.timeoutMs),
  });
  await breaker.report(response.status < 500);
  return new Response(response.body, response);
});

export default app;
