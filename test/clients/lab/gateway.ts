// The gateway of the test in plain workerd, with the configuration that `npm start` gets, too.
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { catalog } from "../../../workers/services/catalog.ts";

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Bindings & { readonly CONFIGURATION: string }): Response | Promise<Response> {
    app ??= createApp(JSON.parse(env.CONFIGURATION) as GatewayInput, catalog, env);
    return app.fetch(request);
  },
};
