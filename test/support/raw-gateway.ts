// Gateways in front of one raw TCP upstream, each with an upstream protocol of its own; the header `x-gateway` of a request names one.
import type { GatewayInput } from "../../core/config/gateway.ts";
import type { ServiceInput } from "../../core/config/service.ts";
import { createApp } from "../../workers/gateway/app.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";
import { catalog } from "../../workers/services/catalog.ts";
import notes from "./notes/notes.descriptors.ts";

type Env = Bindings & { readonly GATEWAYS: string };

const apps = new Map<string, ReturnType<typeof createApp>>();

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    const name = request.headers.get("x-gateway") ?? "";
    const settings = (JSON.parse(env.GATEWAYS) as Record<string, ServiceInput>)[name];
    if (settings === undefined) return new Response(`no gateway "${name}"`, { status: 400 });
    const config: GatewayInput = {
      descriptors: [notes],
      services: { "users.v1.UserService": settings, "notes.v1.NoteService": settings },
    };
    const app = apps.get(name) ?? createApp(config, catalog, env);
    apps.set(name, app);
    return app.fetch(request);
  },
};
