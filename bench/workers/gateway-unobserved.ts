// This gateway as it ships, with everything off that observes its calls.

import { catalog } from "../../test/support/shipped/catalog.ts";
import config from "../../test/support/shipped/gateway.config.ts";
import { createApp } from "../../workers/gateway/app.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Bindings): Response | Promise<Response> {
    app ??= createApp({ ...config, metrics: { enabled: false }, log: { failedPercent: 0 } }, catalog, env);
    return app.fetch(request);
  },
};
