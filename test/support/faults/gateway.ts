// The gateway of the fault bench: a variable holds its configuration, and it knows the services of the tests beside those that ship.
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import { protovalidate } from "../../../workers/gateway/configure/protovalidate.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import notes from "../notes/notes.descriptors.ts";
import { catalog } from "../shipped/catalog.ts";
import uploads from "../uploads/uploads.descriptors.ts";

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Bindings & { readonly CONFIGURATION: string }): Response | Promise<Response> {
    const config: GatewayInput = JSON.parse(env.CONFIGURATION);
    app ??= createApp({ descriptors: [notes, uploads], ...config }, catalog, env, { validator: protovalidate() });
    return app.fetch(request);
  },
};
