// Health checks of endpoints behind bindings: the Durable Object that checks them calls them itself, so its Worker needs the bindings.
import { join } from "../../core/config/problems.ts";
import { bindingsOf } from "./bindings.ts";
import { GATEWAY_FILE, type ProjectWorker } from "./workers.ts";

interface CheckedUpstream {
  readonly health?: unknown;
  readonly endpoints?: readonly { readonly binding?: unknown }[];
}

/**
 * @param settings the configuration of the gateway as plain JSON; undefined where it cannot be loaded
 * @param objects  the Worker of the Durable Objects
 * @param env      the environment of wrangler.toml; undefined for the top level
 */
export function healthBindingProblems(settings: unknown, objects: ProjectWorker | undefined, env?: string): string[] {
  if (objects === undefined) return [];
  const bindings = bindingsOf(objects.config, "deployed", env);
  return ["services", "httpRoutes"].flatMap((section) =>
    Object.entries(upstreamsIn(settings, section)).flatMap(([name, { health, endpoints = [] }]) =>
      (health === undefined ? [] : endpoints).flatMap(({ binding }) => {
        if (typeof binding !== "string" || bindings[binding]?.kind === "fetcher") return [];
        const path = `${join(section, name)}.upstream.health`;
        const fix = `copy the binding "${binding}" from ${GATEWAY_FILE} to ${objects.file}, or leave health out`;
        return [`${path}: found no binding "${binding}" in ${objects.file}, whose Durable Object checks its health; ${fix}`];
      }),
    ),
  );
}

function upstreamsIn(settings: unknown, section: string): Readonly<Record<string, CheckedUpstream>> {
  const routes = ((settings ?? {}) as Readonly<Record<string, Readonly<Record<string, { readonly upstream?: CheckedUpstream }>>>>)[section];
  return Object.fromEntries(Object.entries(routes ?? {}).map(([name, { upstream }]) => [name, upstream ?? {}]));
}
