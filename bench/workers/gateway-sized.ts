// This gateway with a given number of routes and endpoints: whether the cost of a call depends on them. The configuration of the benchmark
// names them in the variables ROUTES and ENDPOINTS.
import { catalog } from "../../test/support/shipped/catalog.ts";
import { createApp } from "../../workers/gateway/app.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";

let app: ReturnType<typeof createApp> | undefined;

function configured(env: Bindings) {
  const others = Array.from({ length: Number(env["ROUTES"] ?? 0) }, (_, nth) => [`/other/${nth}/`, { upstream: { binding: "ORDERS" } }]);
  // One upstream under many paths: each is an endpoint of its own.
  const endpoints = Array.from({ length: Number(env["ENDPOINTS"] ?? 0) }, (_, nth) => ({
    url: `http://127.0.0.1:${env["UPSTREAM_PORT"]}/${nth}`,
  }));
  return {
    rateLimits: { everybody: { key: "ip", capacity: 1_000_000, rate: 1_000_000, mode: "leased" } },
    defaults: { rateLimits: ["everybody"] },
    httpRoutes: Object.fromEntries(others),
    services: { "users.v1.UserService": { upstream: endpoints.length === 0 ? { binding: "USERS" } : { endpoints } } },
  } as const;
}

export default {
  fetch(request: Request, env: Bindings): Response | Promise<Response> {
    app ??= createApp(configured(env) as Parameters<typeof createApp>[0], catalog, env);
    return app.fetch(request);
  },
};
