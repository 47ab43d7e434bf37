// Gateways in front of one recording upstream, one for each protocol that an upstream may speak; a header of the call picks one.
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import descriptors from "./uploads.descriptors.ts";

type App = ReturnType<typeof createApp>;
type Spoken = "both" | "connect" | "grpc_web";

/** Largest message of every route, bytes. */
const MAX_BODY_BYTES = 1_000;

const apps = new Map<string, App>();

function appFor(url: string, protocol: Spoken): App {
  const config: GatewayInput = {
    descriptors: [descriptors],
    rest: { jsonRequestStreams: true, events: { headersAfterMs: 300, keepAliveMs: 1_000 } },
    httpRoutes: { "/files/": { upstream: { url }, maxBodyBytes: MAX_BODY_BYTES, readTimeoutMs: 60_000 } },
    services: { "uploads.v1.UploadService": { upstream: { url, protocol }, maxBodyBytes: MAX_BODY_BYTES, readTimeoutMs: 60_000 } },
  };
  return createApp(config, [], { TIDEGATE_LOCAL: "true" });
}

interface Env {
  readonly UPSTREAM_URL: string;
  readonly INNER?: Fetcher; // the same gateway as another Worker
}

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    const ms = request.headers.get("x-hang-up-after");
    if (env.INNER !== undefined && ms !== null) return hangUp(request, env.INNER, Number(ms));
    const spoken = (request.headers.get("x-spoken") ?? "both") as Spoken;
    const app = apps.get(spoken) ?? appFor(env.UPSTREAM_URL, spoken);
    apps.set(spoken, app);
    return app.fetch(request);
  },
};

/** A caller that hangs up, as the platform knows it: another Worker that aborts its call. */
async function hangUp(request: Request, inner: Fetcher, ms: number): Promise<Response> {
  try {
    await inner.fetch(request, { signal: AbortSignal.timeout(ms) });
    return new Response("responded");
  } catch {
    return new Response("hung up");
  }
}
