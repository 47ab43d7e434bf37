// This gateway with a limit that every caller has used up: the cost of a refusal.
import { catalog } from "../../test/support/shipped/catalog.ts";
import { createApp } from "../../workers/gateway/app.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";

const config = {
  rateLimits: { once: { key: "ip", capacity: 1, rate: 1, intervalMs: 3_600_000 } },
  defaults: { rateLimits: ["once"] },
  services: { "users.v1.UserService": { upstream: { binding: "USERS" } } },
} as const;

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Bindings): Response | Promise<Response> {
    app ??= createApp(config, catalog, env);
    return app.fetch(request);
  },
};
