// The gateway that operators call: it checks and publishes versions, and follows none.
import { catalog } from "../../test/support/shipped/catalog.ts";
import config from "../../test/support/shipped/gateway.config.ts";
import { createApp } from "../../workers/gateway/app.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";
import { ADMIN, CONTROL } from "../control/versions-seen.ts";

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Bindings): Response | Promise<Response> {
    app ??= createApp({ ...config, admin: ADMIN, control: CONTROL }, catalog, env);
    return app.fetch(request);
  },
};
