// This gateway as it ships.

import { catalog } from "../../test/support/shipped/catalog.ts";
import config from "../../test/support/shipped/gateway.config.ts";
import { createApp } from "../../workers/gateway/app.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Bindings): Response | Promise<Response> {
    app ??= createApp(config, catalog, env);
    return app.fetch(request);
  },
};
