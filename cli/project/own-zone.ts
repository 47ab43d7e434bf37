// Notes on upstreams that may be Workers of the gateway's own zone: Cloudflare refuses calls between them by URL.
import type { WorkerConfig } from "./bindings.ts";

type Routed = Pick<WorkerConfig, "routes" | "route" | "compatibility_flags">;

/**
 * @param settings the configuration of the gateway, plain JSON
 * @param worker   the gateway's wrangler.toml
 * @returns a line for each URL in a zone of the gateway's routes, or at workers.dev
 * @see developers.cloudflare.com/workers/configuration/compatibility-flags, global_fetch_strictly_public
 */
export function ownZoneNotes(settings: unknown, worker: Routed): string[] {
  if (worker.compatibility_flags?.includes("global_fetch_strictly_public") === true) return [];
  const zones = new Map(routesOf(worker).map(({ pattern, zone }) => [zone, `in the zone of route "${pattern}"`]));
  zones.set("workers.dev", "at workers.dev");
  return [...urlsIn(settings)].flatMap((url) => {
    const host = URL.parse(url)?.hostname ?? "";
    const where = [...zones].find(([zone]) => host === zone || host.endsWith(`.${zone}`))?.[1];
    if (where === undefined) return [];
    const fix = 'bind that Worker under [[services]], or add "global_fetch_strictly_public" to compatibility_flags of wrangler.toml';
    return [`upstream ${url} is ${where}: if a Worker of this account answers there, Cloudflare refuses the call (error 1042); ${fix}`];
  });
}

/**
 * Hosts at which the gateway itself responds: those of its custom domains, of its routes for all paths, and its names at workers.dev.
 *
 * @returns lower case; `*` is any text
 */
export function hostsOf({ name, routes = [], route }: Pick<WorkerConfig, "name" | "routes" | "route">): string[] {
  const patterns = [...routes, ...(route === undefined ? [] : [route])].map((item) => (typeof item === "string" ? item : item.pattern));
  const whole = patterns.map((pattern) => pattern.replace(/^\w+:\/\//, "")).filter((pattern) => /^[^/]+(\/\*?)?$/.test(pattern));
  return [...whole.map((pattern) => pattern.split("/")[0]!.toLowerCase()), ...(name === undefined ? [] : [`${name}.*.workers.dev`])];
}

function routesOf({ routes = [], route }: Routed): { readonly pattern: string; readonly zone: string }[] {
  return [...routes, ...(route === undefined ? [] : [route])].map((item) => {
    const { pattern, zone_name } = typeof item === "string" ? { pattern: item } : item;
    const host = pattern.replace(/^\w+:\/\//, "").replace(/[/:].*$/, "");
    return { pattern, zone: zone_name ?? host.split(".").slice(-2).join(".") };
  });
}

/** The values of all settings named `url`, but of those beside a binding. */
function urlsIn(settings: unknown): Set<string> {
  const urls = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { url, binding } = value as { readonly url?: unknown; readonly binding?: unknown };
    if (typeof url === "string" && binding === undefined) urls.add(url);
    for (const inner of Object.values(value)) look(inner);
  };
  for (const part of ["services", "httpRoutes", "defaults"]) look((settings as Record<string, unknown> | undefined)?.[part]);
  return urls;
}
