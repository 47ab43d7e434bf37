// The Worker's entry with validation: `main = "workers/gateway/validating.ts"` in wrangler.toml instead of index.ts.
import { env } from "cloudflare:workers";
import config from "../../gateway.config.ts";
import { catalog } from "../services/catalog.ts";
import { createApp } from "./app.ts";
import { protovalidate } from "./configure/protovalidate.ts";
import type { Bindings } from "./upstream/destination.ts";

export { CircuitBreaker } from "../../durable-objects/circuit-breaker.ts";
export { HashRing } from "../../durable-objects/hash-ring.ts";
export { PurgeLog } from "../../durable-objects/purge-log.ts";
export { TokenBucket } from "../../durable-objects/token-bucket.ts";
export { SharedCache } from "./cache/l2/workers-cache.ts";

const app = createApp(config, catalog, env as unknown as Bindings, protovalidate());

export default { fetch: (request: Request) => app.fetch(request) };
