// This gateway with a cached method: the cost of a hit.

import { catalog } from "../../test/support/shipped/catalog.ts";
import { createApp } from "../../workers/gateway/app.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";

const config = {
  services: {
    "users.v1.UserService": { upstream: { binding: "USERS" }, methods: { GetUser: { cache: { ttlMs: 3_600_000, l2: "none" } } } },
  },
} as const;

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Bindings): Response | Promise<Response> {
    app ??= createApp(config, catalog, env);
    return app.fetch(request);
  },
};
