// The Worker's entry. The configuration is compiled as the isolate loads: with a mistake in it nothing starts.
import { env } from "cloudflare:workers";
import config from "../../gateway.config.ts";
import { catalog } from "../services/catalog.ts";
import { createApp } from "./app.ts";
import type { Bindings } from "./upstream/destination.ts";

export { CircuitBreaker } from "../../durable-objects/circuit-breaker.ts";
export { HashRing } from "../../durable-objects/hash-ring.ts";
export { PurgeLog } from "../../durable-objects/purge-log.ts";
export { TokenBucket } from "../../durable-objects/token-bucket.ts";
export { SharedCache } from "./cache/l2/workers-cache.ts";

const app = createApp(config, catalog, env as unknown as Bindings);

export default { fetch: (request: Request) => app.fetch(request) };
