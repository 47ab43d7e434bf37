// A gateway whose upstreams are service bindings, with and without a URL of their own.
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { catalog } from "../shipped/catalog.ts";

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Bindings): Response | Promise<Response> {
    app ??= createApp(
      {
        services: { "users.v1.UserService": { upstream: { binding: "ECHO", url: "https://users.partner.example:8443/base" } } },
        httpRoutes: {
          "/alone/": { upstream: { binding: "ECHO" } },
          "/bound/": { upstream: { binding: "ECHO", url: "http://10.0.0.7:9000" } },
          "/listed/": { upstream: { endpoints: [{ binding: "ECHO", url: "https://users.internal" }] } },
        },
      },
      catalog,
      { ...env, TIDEGATE_LOCAL: "false" }, // A deployed gateway accepts a URL beside a binding.
    );
    return app.fetch(request);
  },
};
