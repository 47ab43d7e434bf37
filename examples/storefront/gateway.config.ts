// A service that puts its responses together from other services.
import { defineGateway } from "tidegate";

export default defineGateway({
  services: {
    "greeter.v1.GreeterService": { upstream: { binding: "GREETER" } },
    "storefront.v1.StorefrontService": { upstream: { binding: "STOREFRONT" }, readTimeoutMs: 20_000 },
  },
});
