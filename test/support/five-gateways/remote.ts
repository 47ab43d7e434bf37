// Makes a gateway with namespaces of objects, and of KV, in another process.
import type { DescService } from "@bufbuild/protobuf";
import type { GatewayInput } from "../../../core/config/gateway.ts";
import type { App } from "../../../workers/gateway/app.ts";
import { appWithVersions } from "../../../workers/gateway/control/versioned-app.ts";
import type { Bindings } from "../../../workers/gateway/upstream/destination.ts";
import { BUNDLED, configurationOf, SECRETS } from "./settings.ts";

interface Env extends Bindings {
  readonly OBJECTS: Fetcher;
}

const CLASSES = ["RELAY", "CONTROL_PLANE", "AUDIT_LOG"];

export function gatewayOver(catalog: readonly DescService[]): { fetch(request: Request, env: Env): Response | Promise<Response> } {
  let app: App | undefined;
  return {
    fetch(request, env) {
      const namespaces = CLASSES.map((binding) => [binding, remoteObjects(env.OBJECTS, binding)] as const);
      const bindings = { ...env, ...SECRETS, ...Object.fromEntries(namespaces), CONFIGURATION: remoteKv(env.OBJECTS) };
      app ??= appWithVersions(configurationOf(BUNDLED) as unknown as GatewayInput, catalog, bindings);
      return app.fetch(request);
    },
  };
}

function remoteObjects(objects: Fetcher, binding: string) {
  return {
    getByName: (name: string) =>
      new Proxy(
        {},
        {
          get: (_, method: string) => {
            if (method === "then") return undefined;
            return (...args: readonly unknown[]) => sent(objects, ["rpc", binding, name, method], args);
          },
        },
      ),
  };
}

function remoteKv(objects: Fetcher) {
  return {
    get: (key: string) => sent(objects, ["kv", "get"], [key]),
    put: (key: string, value: string) => sent(objects, ["kv", "put"], [key, value]),
  };
}

async function sent(objects: Fetcher, path: readonly string[], args: readonly unknown[]): Promise<unknown> {
  // Only the last argument can be left out.
  const url = `http://objects/${path.map(encodeURIComponent).join("/")}`;
  const response = await objects.fetch(url, { method: "POST", body: JSON.stringify(args.filter((arg) => arg !== undefined)) });
  if (!response.ok) throw new Error(`the other process responds with ${response.status}`);
  return (await response.json<{ value?: unknown }>()).value;
}
