// Where the calls of a service go: a service binding, or a base URL.
import type { RoutePolicy, UpstreamInput } from "../../core/policy.ts";

/** A service binding, or anything else that answers requests. */
interface Service {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

export interface Upstream extends Service {
  readonly name: string; // as it stands in messages
  readonly base: string; // what a path is appended to
}

/** A method as it is served: what an operator has set for it, and where it runs. */
export interface Endpoint {
  readonly policy: RoutePolicy;
  readonly upstream: Upstream;
}

/** The Worker's bindings, before anybody knows which of them an operator has named. */
export type Bindings = Readonly<Record<string, unknown>>;

/** @returns undefined where the binding is missing, or is no service */
export function upstreamOf(input: UpstreamInput, bindings: Bindings): Upstream | undefined {
  if ("url" in input) {
    return { name: input.url, base: input.url, fetch: (url, init) => fetch(url, init) };
  }
  const service = bindings[input.binding];
  if (!isService(service)) return undefined;
  const name = input.binding.toLowerCase().replaceAll("_", "-");
  return { name: input.binding, base: `https://${name}.internal`, fetch: (url, init) => service.fetch(url, init) };
}

function isService(value: unknown): value is Service {
  return typeof value === "object" && value !== null && "fetch" in value && typeof value.fetch === "function";
}
