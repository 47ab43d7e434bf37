// Keys that the gateway issues, with a limit for each by its plan.
import { defineGateway } from "tidegate";

export default defineGateway({
  admin: { secretBinding: "ADMIN_SECRET" },
  auth: { keys: { env: "live", tagSecrets: ["KEY_TAG_SECRET_1"] }, identity: {} },
  rateLimits: {
    "per-key": {
      key: "principal",
      capacity: 100,
      rate: 50,
      intervalMs: 1_000,
      tiers: { by: "key", plans: { free: { capacity: 5, rate: 1 }, pro: { capacity: 100, rate: 50 } } },
    },
  },
  defaults: { auth: "required", rateLimits: ["per-key"] },
  services: { "greeter.v1.GreeterService": { upstream: { binding: "GREETER" } } },
});
