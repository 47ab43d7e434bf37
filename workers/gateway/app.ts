// The Hono app: health check, OpenAPI document and CORS of the gateway itself; all other requests go to the pipelines.

import type { DescService } from "@bufbuild/protobuf";
import { Hono, type MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { isAtHost } from "../../core/auth/admin-host.ts";
import type { CorsPolicy } from "../../core/config/cors.ts";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { REASON_HEADER } from "../../core/headers.ts";
import { canonicalPath } from "../../core/path/canonical-path.ts";
import { type Reason, reasonField } from "../../core/reasons.ts";
import { logEvent } from "../log.ts";
import { consolePages } from "./admin/console-pages.ts";
import { type AccessContext, rememberAccess } from "./auth/edge.ts";
import { KEY_SET_PATH } from "./auth/identity/gateway-identity.ts";
import { protectedResource } from "./auth/oauth/metadata.ts";
import { type Configuration, configure } from "./configure/configuration.ts";
import { type Extensions, NO_EXTENSIONS } from "./configure/extensions.ts";
import type { Gateway } from "./gateway.ts";
import { openapi } from "./openapi/serve.ts";
import { ALLOWED_HEADERS, ALLOWED_METHODS, EXPOSED_HEADERS } from "./protocol/headers.ts";
import { tracedGateway } from "./trace/traced-gateway.ts";
import type { Bindings } from "./upstream/destination.ts";

export interface App {
  /** @param ctx of the platform */
  fetch(request: Request, ctx?: PlatformContext): Response | Promise<Response>;
}

/** What is used of the context that the platform gives with a request. */
export interface PlatformContext {
  readonly access?: AccessContext | undefined;
}

/**
 * @param input      the export of gateway.config.ts
 * @param catalog    the services known by their protos
 * @param bindings   the Worker's environment: `TOKEN_BUCKET`, and the services named by the configuration
 * @param extensions what the entry point brings
 * @throws InvalidConfiguration with every problem, so that a Worker with a mistake does not start
 */
export function createApp(
  input: GatewayInput,
  catalog: readonly DescService[],
  bindings: Bindings,
  extensions: Extensions = NO_EXTENSIONS,
): App {
  const configuration = configure(input, catalog, bindings, extensions);
  for (const warning of configuration.warnings) logEvent("configuration_warning", { warning });
  configuration.metrics?.isolate.collect((to) => to.gauge("tidegate_configuration", 1, "0", "bundled"));
  return appAround(configuration, tracedGateway(configuration));
}

/** What the Worker handles itself, before a gateway that takes all other requests. */
export function appAround(configuration: Configuration, gateway: Gateway): App {
  const reference = openapi(configuration);
  const metadata = protectedResource(configuration.policy);
  const app = new Hono();
  if (configuration.policy.cors !== undefined) app.use(crossOrigin(configuration.policy.cors));
  app.get("/healthz", (c) => c.text("ok\n", 200, { "x-content-type-options": "nosniff", ...reasonField("document") }));
  app.get("/openapi.json", () => reference());
  const { identity } = configuration;
  if (identity !== undefined) app.get(KEY_SET_PATH, () => identity.keySet());
  app.all("*", (c) => gateway(c.req.raw));
  const pageOf = consolePages(configuration);
  const isCrossOrigin = configuration.policy.cors !== undefined;
  const adminHost = configuration.policy.admin?.host;
  return {
    fetch(request, ctx) {
      const { url } = request;
      if (ctx?.access !== undefined) rememberAccess(request, ctx.access);
      const page = pageOf(request, url);
      if (page !== undefined) return page;
      // At the host of the admin plane are the admin services and the console, without CORS, and the health check: it says nothing of the API.
      if (adminHost !== undefined && isAtHost(url, adminHost) && !HEALTH.test(url)) return gateway(request, url);
      // Calls skip Hono: routing them twice costs a tenth of the time of a call that the cache serves.
      return metadata(request, url) ?? (isCrossOrigin || OWN.test(url) ? app.fetch(request) : gateway(request, url));
    },
  };
}

function isAdminUrl(url: string): boolean {
  const target = canonicalPath(url);
  return target.kind === "ok" && target.path.startsWith("/tidegate.");
}

const PREFLIGHT: Reason = "preflight";
const HEALTH = /^[^/]*\/\/[^/]*\/healthz(?:$|\?)/;
/** Paths of the Worker itself. */
const OWN = /^[^/]*\/\/[^/]*\/(?:healthz|openapi\.json|\.well-known\/tidegate\/jwks\.json)(?:$|\?)/;

/**
 * Exact origins only; a page of an origin that is not listed gets no header that lets it read a response. CORS headers of upstreams have
 * been removed before (`protocol/headers.ts`).
 */
function crossOrigin({ origins, credentials, maxAgeSeconds, allowHeaders, exposeHeaders }: CorsPolicy): MiddlewareHandler {
  const settings = {
    origin: [...origins],
    maxAge: maxAgeSeconds,
    allowMethods: [...ALLOWED_METHODS],
    allowHeaders: [...ALLOWED_HEADERS, ...allowHeaders],
    exposeHeaders: [...EXPOSED_HEADERS, ...exposeHeaders],
  };
  const decideListed = cors({ ...settings, credentials });
  const decideOther = cors({ ...settings, credentials: false });
  const isListed = new Set(origins);
  return async (context, next) => {
    const { headers: sent, url } = context.req.raw;
    if (isAdminUrl(url)) return next(); // pages of other origins cannot call the admin services, listed or not
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
    const decide = isListed.has(sent.get("origin") ?? "") ? decideListed : decideOther;
    const preflight = await decide(context, next);
    if (preflight !== undefined) {
      preflight.headers.set("x-content-type-options", "nosniff");
      preflight.headers.set(REASON_HEADER, PREFLIGHT);
      return preflight;
    }
    const { headers } = context.res;
    // An upstream that handles CORS itself has listed the field already.
    headers.set("Vary", (headers.get("Vary") ?? "Origin").replace(/(\borigin\b.*), origin$/i, "$1"));
    return undefined;
  };
}
