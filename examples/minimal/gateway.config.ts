// The smallest configuration: one service, behind a binding of wrangler.toml.
import { defineGateway } from "tidegate";

export default defineGateway({
  services: { "greeter.v1.GreeterService": { upstream: { binding: "GREETER" } } },
});
