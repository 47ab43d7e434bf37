// A gateway whose buckets live in another process: the real gateway, connected to the real Durable Object by HTTP.
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { catalog } from "../shipped/catalog.ts";
import { LIMIT } from "./limit.ts";

interface Env extends Bindings {
  readonly BUCKETS: Fetcher;
}

const config = {
  rateLimits: { shared: { key: "all", scope: "region", mode: "auto", fail: "closed", ...LIMIT } },
  defaults: { rateLimits: ["shared"] },
  services: { "users.v1.UserService": { upstream: { binding: "USERS" } } },
} as const;

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    const TOKEN_BUCKET = {
      getByName: (shard: string) => ({
        async grantLeases(requests: unknown): Promise<unknown> {
          const response = await env.BUCKETS.fetch(`http://buckets/lend/${shard}`, { method: "POST", body: JSON.stringify(requests) });
          return response.json();
        },
      }),
    };
    // A call is counted when it leaves the gateway: on a busy machine it may reach the upstream later than another one of its time.
    const USERS = {
      fetch: (url: string, init: RequestInit) => {
        const headers = new Headers(init.headers);
        headers.set("x-admitted-at", String(Date.now()));
        return (env["USERS"] as Fetcher).fetch(url, { ...init, headers });
      },
    };
    app ??= createApp(config, catalog, { ...env, USERS, TOKEN_BUCKET });
    return app.fetch(request);
  },
};
