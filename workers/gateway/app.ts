// The Hono app: health check, OpenAPI document and CORS of the gateway itself; all other requests go to the pipelines.

import type { DescService } from "@bufbuild/protobuf";
import { Hono, type MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import type { CorsPolicy } from "../../core/config/cors.ts";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { logEvent } from "../log.ts";
import { configure } from "./configure/configuration.ts";
import type { Validator } from "./configure/route-checks.ts";
import { createGateway } from "./gateway.ts";
import { openapi } from "./openapi/serve.ts";
import { ALLOWED_HEADERS, ALLOWED_METHODS, EXPOSED_HEADERS } from "./protocol/headers.ts";
import type { Bindings } from "./upstream/destination.ts";

export interface App {
  fetch(request: Request): Response | Promise<Response>;
}

/**
 * @param input    the export of gateway.config.ts
 * @param catalog  the services known by their protos
 * @param bindings the Worker's environment: `TOKEN_BUCKET`, and the services named by the configuration
 * @param validate checks messages against the rules of their protos; undefined where the entry point brings no validation
 * @throws InvalidConfiguration with every problem, so that a Worker with a mistake does not start
 */
export function createApp(input: GatewayInput, catalog: readonly DescService[], bindings: Bindings, validate?: Validator): App {
  const configuration = configure(input, catalog, bindings, validate);
  for (const warning of configuration.warnings) logEvent("configuration_warning", { warning });
  const gateway = createGateway(configuration);
  const reference = openapi(configuration);
  const app = new Hono();
  if (configuration.policy.cors !== undefined) app.use(crossOrigin(configuration.policy.cors));
  app.get("/healthz", (c) => c.text("ok\n"));
  app.get("/openapi.json", () => reference());
  app.all("*", (c) => gateway(c.req.raw));
  if (configuration.policy.cors !== undefined) return { fetch: (request) => app.fetch(request) };
  // Calls skip Hono: routing them twice costs a tenth of the time of a call that the cache serves.
  return {
    fetch(request) {
      const { url } = request;
      return OWN.test(url) ? app.fetch(request) : gateway(request, url);
    },
  };
}

/** Paths of the Worker itself. */
const OWN = /^[^/]*\/\/[^/]*\/(?:healthz|openapi\.json)(?:$|[?#])/;

/**
 * Exact origins only; a page of an origin that is not listed gets no header that lets it read a response. CORS headers of upstreams have
 * been removed before (`protocol/headers.ts`).
 */
function crossOrigin({ origins, credentials, maxAgeSeconds, allowHeaders, exposeHeaders }: CorsPolicy): MiddlewareHandler {
  const decide = cors({
    origin: [...origins],
    credentials,
    maxAge: maxAgeSeconds,
    allowMethods: [...ALLOWED_METHODS],
    allowHeaders: [...ALLOWED_HEADERS, ...allowHeaders],
    exposeHeaders: [...EXPOSED_HEADERS, ...exposeHeaders],
  });
  const isListed = new Set(origins);
  return async (context, next) => {
    const { headers: sent } = context.req.raw;
    if (context.req.method === "OPTIONS" && !(sent.has("origin") && sent.has("access-control-request-method"))) {
      await next(); // this OPTIONS request is no preflight, so it is handled as any other call
      const origin = sent.get("origin") ?? "";
      const { headers } = context.res;
      if (isListed.has(origin)) {
        headers.set("Access-Control-Allow-Origin", origin);
        if (credentials) headers.set("Access-Control-Allow-Credentials", "true");
        headers.set("Access-Control-Expose-Headers", [...EXPOSED_HEADERS, ...exposeHeaders].join(","));
      }
      headers.append("Vary", "Origin");
      return undefined;
    }
    const preflight = await decide(context, next);
    if (preflight !== undefined) return preflight;
    const { headers } = context.res;
    // An upstream that handles CORS itself has listed the field already.
    headers.set("Vary", (headers.get("Vary") ?? "Origin").replace(/(\borigin\b.*), origin$/i, "$1"));
    return undefined;
  };
}
