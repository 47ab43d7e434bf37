// A gateway with one plain HTTP route that is cached, in front of an origin in the test.
import type { CacheInput } from "../../core/config/cache.ts";
import type { GatewayInput } from "../../core/config/gateway.ts";
import { configure } from "../../workers/gateway/configure/configuration.ts";
import { createGateway, type Gateway } from "../../workers/gateway/gateway.ts";
import type { CustomLayer } from "../../workers/gateway/layer.ts";
import { withRelays } from "./relays.ts";

export type Origin = (request: Request, number: number) => Response | Promise<Response>;

export interface CachedRoute {
  readonly received: Request[]; // requests that the origin received
  /** Sends a request to the gateway. */
  send(path: string, init?: RequestInit): Promise<Response>;
  readonly gateway: Gateway;
}

/** @param origin also gets the number of the request, from 1 */
export function cachedRoute(
  origin: Origin,
  cache: CacheInput = {},
  input: Partial<GatewayInput> = {},
  bindings: Record<string, unknown> = {},
  layers: readonly CustomLayer[] = [],
): CachedRoute {
  const received: Request[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const request = new Request(url, init);
    received.push(request);
    return origin(request, received.length);
  };
  const config: GatewayInput = {
    services: {},
    discovery: false,
    httpRoutes: { "/": { upstream: { binding: "ORIGIN" }, cache: { l2: "none", ...cache } } },
    ...input,
  };
  const gateway = createGateway(configure(config, [], { ORIGIN: { fetch }, ...withRelays(bindings) }, { layers }));
  const send = async (path: string, init: RequestInit = {}): Promise<Response> =>
    gateway(new Request(`https://gateway.example${path}`, init));
  return { received, send, gateway };
}

export const cacheStatus = (response: Response): string | null => response.headers.get("cache-status");

/** A response that is fresh for a minute. */
export function freshResponse(body: BodyInit | null = "hello", headers: Record<string, string> = {}): Response {
  return new Response(body, { headers: { "cache-control": "max-age=60", ...headers } });
}
