// The gateway as it ships, for the tests: with the example services, whatever a team has set in gateway.config.ts and catalog.ts.
import { env } from "cloudflare:workers";
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { catalog } from "./catalog.ts";
import config from "./gateway.config.ts";

const app = createApp(config, catalog, env as unknown as Bindings);

export default { fetch: (request: Request) => app.fetch(request) };
