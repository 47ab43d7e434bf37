// A gateway with one plain HTTP route whose origin is the test's own.
import type { CacheInput } from "../../../../core/config/cache.ts";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { configure } from "../../../../workers/gateway/configure/configuration.ts";
import { createGateway, type Gateway } from "../../../../workers/gateway/gateway.ts";

export type Origin = (request: Request, number: number) => Response | Promise<Response>;

export interface Web {
  readonly seen: Request[]; // by the origin
  /** Asks the gateway; a body makes it a POST. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  readonly gateway: Gateway;
}

/** @param origin is told the number of the request, from 1 */
export function web(
  origin: Origin,
  cache: CacheInput = {},
  input: Partial<GatewayInput> = {},
  bindings: Record<string, unknown> = {},
): Web {
  const seen: Request[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const request = new Request(url, init);
    seen.push(request);
    return origin(request, seen.length);
  };
  const config: GatewayInput = {
    services: {},
    discovery: false,
    httpRoutes: { "/": { upstream: { binding: "ORIGIN" }, cache: { l2: "none", ...cache } } },
    ...input,
  };
  const gateway = createGateway(configure(config, [], { ORIGIN: { fetch }, ...bindings }));
  const ask = (path: string, init: RequestInit = {}): Promise<Response> => gateway(new Request(`https://gateway.example${path}`, init));
  return { seen, ask, gateway };
}

export const status = (response: Response): string | null => response.headers.get("cache-status");

/** An answer that may be kept for a minute. */
export function fresh(body: BodyInit | null = "hello", headers: Record<string, string> = {}): Response {
  return new Response(body, { headers: { "cache-control": "max-age=60", ...headers } });
}
