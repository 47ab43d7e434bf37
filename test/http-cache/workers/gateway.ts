// The gateway as the suite expects a cache: all header fields go to the origin, and its responses decide what is stored.
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { catalog } from "../../support/shipped/catalog.ts";

interface Env extends Bindings {
  readonly STALE_IF_ERROR_MS: string;
}

const configFor = ({ STALE_IF_ERROR_MS }: Env): GatewayInput => ({
  services: {},
  discovery: false,
  httpRoutes: {
    "/": {
      upstream: { binding: "ORIGIN" },
      breaker: { mode: "off" }, // many tests are about an origin that fails
      throttle: { mode: "off" },
      cache: {
        forward: "all", // the suite names the test to its origin in header fields
        authorization: "forward",
        clientControl: "honor",
        heuristicPercent: 10,
        storeErrors: true,
        staleIfErrorMs: Number(STALE_IF_ERROR_MS),
        l2: "none",
      },
    },
  },
});

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    app ??= createApp(configFor(env), catalog, env);
    return app.fetch(request);
  },
};
