// This gateway without limits, whose callers have JWTs; the variable AUTHENTICATED says whether it verifies them.

import { AUTH } from "../../test/support/callers.ts";
import { catalog } from "../../test/support/shipped/catalog.ts";
import { createApp } from "../../workers/gateway/app.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Bindings): Response | Promise<Response> {
    const auth = env["AUTHENTICATED"] === "true" ? "required" : "off";
    const services = {
      "users.v1.UserService": { upstream: { binding: "USERS" } },
      "orders.v1.OrderService": { upstream: { binding: "ORDERS" } },
    };
    app ??= createApp({ auth: AUTH, defaults: { auth }, services }, catalog, env);
    return app.fetch(request);
  },
};
