// A gateway, its objects and an upstream in one Worker, whose metrics are sent to a collector.
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { catalog } from "../shipped/catalog.ts";

export { Relay } from "../../../durable-objects/relay.ts";
export { Telemetry } from "../../../durable-objects/telemetry.ts";

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Bindings & { readonly COLLECTOR: string }): Response | Promise<Response> {
    const otlp = { otlpUrl: `${env.COLLECTOR}/v1/metrics`, otlpSecretBinding: "OTLP_SECRET", otlpHeader: "X-Key", otlpIntervalMs: 10_000 };
    const metrics = { tokenBinding: "METRICS_TOKEN", ...otlp };
    const services = { "users.v1.UserService": { upstream: { binding: "USERS" } } };
    app ??= createApp({ metrics, services }, catalog, { ...env, USERS: { fetch: () => Response.json({}) } });
    return app.fetch(request);
  },
};
