// This gateway with one leased token bucket: the cost of a limit that sends no message.

import { catalog } from "../../test/support/shipped/catalog.ts";
import { createApp } from "../../workers/gateway/app.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";

const config = {
  rateLimits: { everybody: { key: "ip", capacity: 1_000_000, rate: 1_000_000, mode: "leased" } },
  defaults: { rateLimits: ["everybody"] },
  services: {
    "users.v1.UserService": { upstream: { binding: "USERS" } },
    "orders.v1.OrderService": { upstream: { binding: "ORDERS" } },
  },
} as const;

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Bindings): Response | Promise<Response> {
    app ??= createApp(config, catalog, env);
    return app.fetch(request);
  },
};
