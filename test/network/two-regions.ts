// A gateway of two regions: a limit for the world, a small one, one for each region, and no other.
import { env } from "cloudflare:workers";
import { defineGateway } from "../../core/config/gateway.ts";
import { createApp } from "../../workers/gateway/app.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";
import { catalog } from "../support/shipped/catalog.ts";
import { LIMIT, SMALL } from "./limit.ts";

const shared = { key: "all", mode: "auto", fail: "closed" } as const;

const config = defineGateway({
  rateLimits: {
    world: { ...shared, ...LIMIT, scope: "world" },
    small: { ...shared, ...SMALL, scope: "world" },
    region: { ...shared, ...SMALL, scope: "region" },
  },
  defaults: { concurrency: { mode: "off" } },
  overload: { mode: "off" },
  services: {
    "users.v1.UserService": {
      upstream: { binding: "USERS" },
      methods: { GetUser: { rateLimits: ["world"] }, ListUsers: { rateLimits: ["small"] }, DeleteUser: { rateLimits: ["region"] } },
    },
  },
});

const app = createApp(config, catalog, env as unknown as Bindings);

export default { fetch: (request: Request) => app.fetch(request) };
