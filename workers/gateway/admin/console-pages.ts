// The pages of the console: static files of this Worker, served where the configuration has the console.
import { isAtHost } from "../../../core/auth/admin-host.ts";
import type { Configuration } from "../configure/configuration.ts";

const PATH = /^[^/]*\/\/[^/]*\/_tidegate(?:$|[/?])/;

/** The static files of the Worker, as `[assets] binding` gives them. */
interface Assets {
  fetch(request: Request): Promise<Response>;
}

/** @returns undefined for a request that is not for the console, or that may not see it: the gateway handles it as any other */
export function consolePages({ policy, env }: Configuration): (request: Request, url: string) => Promise<Response> | undefined {
  const assets = env["ASSETS"] as Assets | undefined; // the type that wrangler.toml declares
  const host = policy.admin?.host;
  if (assets === undefined || !policy.console.enabled) return () => undefined;
  return (request, url) => {
    if (!PATH.test(url) || (host !== undefined && !isAtHost(url, host))) return undefined;
    return request.method === "GET" || request.method === "HEAD" ? assets.fetch(request) : undefined;
  };
}
