// A gateway whose calls have spans in the platform's traces and at a collector.
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { catalog } from "../shipped/catalog.ts";

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Bindings & { readonly COLLECTOR: string }): Response | Promise<Response> {
    const tracing = { platform: true, otlpUrl: `${env.COLLECTOR}/v1/traces`, otlpSecretBinding: "OTLP_SECRET" };
    app ??= createApp({ tracing, services: { "users.v1.UserService": { upstream: { binding: "USERS" } } } }, catalog, env);
    return app.fetch(request);
  },
};
