// This gateway without limits, with the settings of tracing in the variable TRACING: `collector` or `platform`. Each call is sampled.

import { catalog } from "../../test/support/shipped/catalog.ts";
import { createApp } from "../../workers/gateway/app.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";

interface Env extends Bindings {
  readonly TRACING: string;
  readonly UPSTREAM_PORT: string; // the upstream is the collector, too
}

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    app ??= createApp({ ...config, tracing: tracingOf(env) }, catalog, env);
    return app.fetch(request);
  },
};

const config = { services: { "users.v1.UserService": { upstream: { binding: "USERS" } } } } as const;

function tracingOf({ TRACING, UPSTREAM_PORT }: Env) {
  return TRACING === "platform" ? { platform: true } : { otlpUrl: `http://127.0.0.1:${UPSTREAM_PORT}/v1/traces` };
}
