// What both entry points of the Worker share. The configuration is compiled when the isolate loads: with a mistake in it nothing starts.
import { env } from "cloudflare:workers";
import config from "../../gateway.config.ts";
import { catalog } from "../services/catalog.ts";
import { createApp } from "./app.ts";
import type { Validator } from "./configure/route-checks.ts";
import type { Bindings } from "./upstream/destination.ts";

// The classes that the bindings of wrangler.toml name.
export { CircuitBreaker } from "../../durable-objects/circuit-breaker.ts";
export { HashRing } from "../../durable-objects/hash-ring.ts";
export { PurgeLog } from "../../durable-objects/purge-log.ts";
export { TokenBucket } from "../../durable-objects/token-bucket.ts";
export { SharedCache } from "./cache/l2/workers-cache.ts";

/** @param validator checks messages against the rules of their protos */
export function serve(validator?: Validator): { fetch(request: Request): Response | Promise<Response> } {
  const app = createApp(config, catalog, env as unknown as Bindings, validator);
  return { fetch: (request) => app.fetch(request) };
}
