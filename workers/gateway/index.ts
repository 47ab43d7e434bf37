// The Worker's entry point.
import { serve } from "./entry.ts";

export { CircuitBreaker, HashRing, PurgeLog, SharedCache, TokenBucket } from "./entry.ts";

export default serve();
