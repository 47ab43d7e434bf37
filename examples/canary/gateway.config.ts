// Two versions of a service, one of them for a share of the callers.
import { defineGateway } from "tidegate";

export default defineGateway({
  services: {
    "greeter.v1.GreeterService": {
      upstream: { binding: "GREETER" },
      traffic: { canaries: [{ name: "next", upstream: { binding: "GREETER_NEXT" }, percent: 0, header: "x-version" }] },
    },
  },
});
