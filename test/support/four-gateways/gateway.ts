// A gateway whose buckets live in another process: the real gateway, with a wire of the test's own to the real object.
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream.ts";
import { catalog } from "../shipped/catalog.ts";
import { LIMIT } from "./limit.ts";

interface Env extends Bindings {
  readonly BUCKETS: Fetcher;
}

const config = {
  rateLimits: { shared: { key: "everybody", mode: "auto", fail: "closed", ...LIMIT } },
  defaults: { rateLimits: ["shared"] },
  services: { "users.v1.UserService": { upstream: { binding: "USERS" } } },
} as const;

let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    const TOKEN_BUCKET = {
      getByName: (shard: string) => ({
        async lend(asks: unknown): Promise<unknown> {
          const answer = await env.BUCKETS.fetch(`http://buckets/lend/${shard}`, { method: "POST", body: JSON.stringify(asks) });
          return answer.json();
        },
      }),
    };
    app ??= createApp(config, catalog, { ...env, TOKEN_BUCKET });
    return app.fetch(request);
  },
};
