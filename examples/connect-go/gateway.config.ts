// A service that runs elsewhere and speaks Connect.
import { defineGateway } from "tidegate";

export default defineGateway({
  services: {
    "greeter.v1.GreeterService": { upstream: { url: "http://127.0.0.1:18182" }, readTimeoutMs: 2_000, retries: { max: 2 } },
  },
});
