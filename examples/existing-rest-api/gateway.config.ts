// An API that exists, below /shop/, beside the service of the new project.
import { defineGateway } from "tidegate";

export default defineGateway({
  rateLimits: {
    "per-caller": { key: "ip", capacity: 100, rate: 50, intervalMs: 1_000, fail: "open" },
  },
  defaults: { readTimeoutMs: 5_000, rateLimits: ["per-caller"] },
  httpRoutes: {
    "/shop/": { upstream: { url: "http://127.0.0.1:18181" }, cache: true },
  },
  services: { "greeter.v1.GreeterService": { upstream: { binding: "GREETER" } } },
});
