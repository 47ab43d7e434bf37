// The gateway as the suite wants a cache: everything goes to the origin, and its answers say what may be kept.
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream.ts";
import { catalog } from "../../../workers/services/catalog.ts";

const config = {
  services: {},
  discovery: false,
  httpRoutes: {
    "/": {
      upstream: { binding: "ORIGIN" },
      cache: {
        forward: "all", // the suite tells its origin by headers which test is meant
        authorization: "forward",
        clientControl: "honour",
        heuristicPercent: 10,
        storeErrors: true,
        l2: "none",
      },
    },
  },
} as const;

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Bindings): Response | Promise<Response> {
    app ??= createApp(config, catalog, env);
    return app.fetch(request);
  },
};
