// The gateway as it is shipped, with limits that a thousand calls a minute from one address do not reach.
import { env } from "cloudflare:workers";
import config from "../../../gateway.config.ts";
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { catalog } from "../../../workers/services/catalog.ts";

const rateLimits = Object.fromEntries(
  Object.entries(config.rateLimits ?? {}).map(([name, rule]) => [name, { ...rule, capacity: 1_000_000, rate: 1_000_000 }]),
);
const app = createApp({ ...config, rateLimits }, catalog, env as unknown as Bindings);

export default { fetch: (request: Request) => app.fetch(request) };
