// The Worker's entry point with validation: `main = "workers/gateway/validating.ts"` in wrangler.toml instead of index.ts.
import { protovalidate } from "./configure/protovalidate.ts";
import { serve } from "./entry.ts";

export { CircuitBreaker, HashRing, PurgeLog, SharedCache, TokenBucket } from "./entry.ts";

export default serve(protovalidate());
