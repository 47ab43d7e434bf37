// A gateway whose relay and whose objects of keys live in another process: the real gateway, connected to the real objects by HTTP.
import { createApp } from "../../../workers/gateway/app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { catalog } from "../shipped/catalog.ts";
import { MAX_STALE_MS, SECRETS } from "./settings.ts";

interface Env extends Bindings {
  readonly OBJECTS: Fetcher;
}

const config = {
  auth: { keys: { env: "test", tagSecrets: ["KEY_TAG_SECRET_1"], tokenBinding: "KEYS_TOKEN", maxStaleMs: MAX_STALE_MS } },
  defaults: { auth: "required" },
  overload: { mode: "off" },
  services: { "users.v1.UserService": { upstream: { binding: "OBJECTS" } } },
} as const;

let app: ReturnType<typeof createApp> | undefined;

/** A namespace of objects in the other process. */
function remote(objects: Fetcher, binding: string) {
  return {
    getByName: (name: string) =>
      new Proxy(
        {},
        {
          get: (_, method: string) => {
            if (method === "then") return undefined;
            return async (...args: readonly unknown[]): Promise<unknown> => {
              const url = `http://objects/rpc/${[binding, name, method].map(encodeURIComponent).join("/")}`;
              const response = await objects.fetch(url, { method: "POST", body: JSON.stringify(args) });
              if (!response.ok) throw new Error(`the other process responds with ${response.status}`);
              return response.json();
            };
          },
        },
      ),
  };
}

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    const { OBJECTS } = env;
    app ??= createApp(config, catalog, { ...env, ...SECRETS, RELAY: remote(OBJECTS, "RELAY"), KEY_STORE: remote(OBJECTS, "KEY_STORE") });
    return app.fetch(request);
  },
};
