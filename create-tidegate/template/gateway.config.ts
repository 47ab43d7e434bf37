// The configuration of the gateway. node_modules/tidegate/docs/parameters.md describes every field; `npm run check` finds mistakes.
import { defineGateway } from "tidegate";

export default defineGateway({
  rateLimits: {
    // One caller: bursts of 100 calls, 50 a second in the long run.
    "per-caller": { key: "ip", capacity: 100, rate: 50, intervalMs: 1_000, fail: "open" },
  },
  defaults: { readTimeoutMs: 15_000, maxBodyBytes: 1_048_576, rateLimits: ["per-caller"] },
  services: {
    "greeter.v1.GreeterService": { upstream: { binding: "GREETER" } },
  },
});
