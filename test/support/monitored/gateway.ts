// A gateway whose objects live in another process, with something to see: two endpoints, a limit, a cache, and an upstream that fails.
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { catalog } from "../shipped/catalog.ts";
import { ENDPOINT_HEADER, LIMIT, SECRETS } from "./settings.ts";

interface Env extends Bindings {
  readonly OBJECTS: Fetcher;
}

const OBJECTS = ["RELAY", "TELEMETRY", "AUDIT_LOG", "CIRCUIT_BREAKER", "TOKEN_BUCKET"];
const ENDPOINTS = ["FAST", "SLOW", "BROKEN"];
const config: GatewayInput = {
  admin: { secretBinding: "ADMIN_SECRET" },
  metrics: { tokenBinding: "METRICS_TOKEN" },
  breakers: {},
  overload: { mode: "off" },
  defaults: { concurrency: { mode: "off" }, retries: { max: 0 } },
  rateLimits: { "per-caller": { key: "ip", capacity: LIMIT, rate: 1, intervalMs: 600_000, mode: "local" } },
  services: {
    "users.v1.UserService": {
      upstream: { endpoints: [{ binding: "FAST" }, { binding: "SLOW" }] },
      methods: { ListUsers: { rateLimits: ["per-caller"] } },
    },
    "orders.v1.OrderService": {
      upstream: { binding: "BROKEN" },
      methods: { GetOrder: { cache: { ttlMs: 600_000, l2: "none" } } },
    },
  },
};

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    app ??= createApp(config, catalog, {
      ...env,
      ...SECRETS,
      ...Object.fromEntries(OBJECTS.map((binding) => [binding, remote(env.OBJECTS, binding)])),
      ...Object.fromEntries(ENDPOINTS.map((name) => [name, endpoint(env.OBJECTS, name)])),
    });
    return app.fetch(request);
  },
};

function endpoint(objects: Fetcher, name: string) {
  return {
    fetch(url: string, init: RequestInit): Promise<Response> {
      const headers = new Headers(init.headers);
      headers.set(ENDPOINT_HEADER, name);
      return objects.fetch(url, { ...init, headers });
    },
  };
}

/** A namespace of objects in the other process. */
function remote(objects: Fetcher, binding: string) {
  return {
    getByName: (name: string) =>
      new Proxy(
        {},
        {
          get: (_, method: string) => {
            if (method === "then") return undefined;
            return async (...args: readonly unknown[]): Promise<unknown> => {
              const url = `http://objects/rpc/${[binding, name, method].map(encodeURIComponent).join("/")}`;
              const response = await objects.fetch(url, { method: "POST", body: JSON.stringify(args) });
              if (!response.ok) throw new Error(`the other process responds with ${response.status}`);
              return (await response.json<{ value?: unknown }>()).value;
            };
          },
        },
      ),
  };
}
