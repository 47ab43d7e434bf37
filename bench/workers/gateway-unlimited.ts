// This gateway without limits: the cost of the pipeline.

import { catalog } from "../../test/support/shipped/catalog.ts";
import { createApp } from "../../workers/gateway/app.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";

const config = {
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
