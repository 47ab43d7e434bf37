// A gateway whose users services register themselves; its balancer is a variable.
import type { PoolInput } from "../../../core/config/upstream.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { catalog } from "../shipped/catalog.ts";

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Bindings & { readonly POOL: string }): Response | Promise<Response> {
    const upstream = { registry: true, slowStartMs: 0, ...(JSON.parse(env.POOL) as PoolInput) };
    const registry = { tokenBinding: "REGISTRY_TOKEN", allowPrivate: true, pollMs: 300 };
    app ??= createApp({ registry, services: { "users.v1.UserService": { upstream } } }, catalog, env);
    return app.fetch(request);
  },
};
