// A gateway, its objects and an upstream in one Worker, whose metrics are sent to a collector.
import type { MetricsInput } from "../../../core/config/metrics.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { catalog } from "../shipped/catalog.ts";

export { Relay } from "../../../durable-objects/relay.ts";
export { Telemetry } from "../../../durable-objects/telemetry.ts";

let app: ReturnType<typeof createApp> | undefined;

export default {
  /** METRICS has the settings of the metrics as JSON. */
  fetch(request: Request, env: Bindings & { readonly METRICS: string }): Response | Promise<Response> {
    const metrics = JSON.parse(env.METRICS) as MetricsInput;
    const services = { "users.v1.UserService": { upstream: { binding: "USERS" } } };
    app ??= createApp({ metrics, services }, catalog, { ...env, USERS: { fetch: () => Response.json({}) } });
    return app.fetch(request);
  },
};
