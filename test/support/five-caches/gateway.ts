// A gateway that caches, with the purge log and the relay of its region in another process: the real gateway, connected to the real Durable
// Objects by HTTP. Its region is that of its first call, which names it in a header.
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { catalog } from "../shipped/catalog.ts";

interface Env extends Bindings {
  readonly ORIGIN: Fetcher;
}

const cache = { ttlMs: 600_000, l2: "none", tags: ["pages"], staleWhileRevalidateMs: 600_000, staleIfErrorMs: 3_600_000 } as const;
const config: GatewayInput = {
  services: {},
  purge: { tokenBinding: "CACHE_TOKEN", pollMs: 1_000, waitMs: 10_000 },
  cache: { maxBytes: 4 * 1_048_576 },
  httpRoutes: {
    "/": { upstream: { binding: "ORIGIN" }, cache },
    "/hasty/": { upstream: { binding: "ORIGIN" }, readTimeoutMs: 1_500, cache: { ...cache, staleIfErrorMs: 0 } },
    "/large/": { upstream: { binding: "ORIGIN" }, cache: { ...cache, maxObjectBytes: 2 * 1_048_576 } },
  },
};

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    const send = async (what: string, args: unknown): Promise<unknown> => {
      const response = await env.ORIGIN.fetch(`http://objects/${what}`, { method: "POST", body: JSON.stringify(args) });
      return response.json();
    };
    const PURGE_LOG = { getByName: () => ({ append: (...args: unknown[]) => send("log/append", args) }) };
    const RELAY = { getByName: (name: string) => ({ exchange: (...args: unknown[]) => send(`relay/${name}`, args) }) };
    app ??= createApp(config, catalog, { ...env, PURGE_LOG, RELAY });
    return app.fetch(request);
  },
};
