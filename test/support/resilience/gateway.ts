// A gateway in front of the users services of the tests: three URLs, which a variable names.
import type { GatewayInput } from "../../../core/config/gateway.ts";
import type { ServiceInput } from "../../../core/config/service.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { catalog } from "../shipped/catalog.ts";

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Bindings & { readonly USERS: string }): Response | Promise<Response> {
    const config: GatewayInput = {
      breakers: { tokenBinding: "OPERATOR_TOKEN" },
      services: { "users.v1.UserService": JSON.parse(env.USERS) as ServiceInput },
    };
    app ??= createApp(config, catalog, env);
    return app.fetch(request);
  },
};
