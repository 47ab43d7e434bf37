// A gateway of one region whose objects live in another process: near ones of its region, and a root far away.
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { catalog } from "../shipped/catalog.ts";
import { LIMIT, NEAR_MS, ROOT_MS } from "./limit.ts";

interface Env extends Bindings {
  readonly BUCKETS: Fetcher;
}

const config = {
  rateLimits: { world: { key: "all", fail: "closed", scope: "world", ...LIMIT } },
  defaults: { rateLimits: ["world"], concurrency: { mode: "off" } },
  overload: { mode: "off" },
  services: { "users.v1.UserService": { upstream: { binding: "USERS" }, methods: { ListUsers: { rateLimits: [] } } } },
} as const;

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    const call =
      (name: string, method: string) =>
      async (...args: unknown[]): Promise<unknown> => {
        const halfMs = (name.startsWith("root/") ? ROOT_MS : NEAR_MS) / 2;
        await scheduler.wait(halfMs);
        const response = await env.BUCKETS.fetch("http://buckets/object", { method: "POST", body: JSON.stringify({ name, method, args }) });
        const result = await response.json();
        await scheduler.wait(halfMs);
        return result;
      };
    const TOKEN_BUCKET = { getByName: (name: string) => ({ grantLeases: call(name, "grantLeases"), lendOn: call(name, "lendOn") }) };
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
