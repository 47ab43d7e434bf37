// Where the calls of a service go: a service binding, or a base URL.
import type { RoutePolicy, UpstreamInput } from "../../core/policy.ts";

/** A service binding, or anything else that answers requests. */
interface Service {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

export interface Upstream extends Service {
  readonly name: string; // as it stands in messages
  readonly base: string; // what a path is appended to
  readonly protocol?: "both" | "connect" | "grpc_web" | undefined; // what it speaks
  readonly timeoutHeader?: "always" | "as_called" | undefined;
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
  const { protocol, timeoutHeader } = input;
  if ("url" in input) {
    return { protocol, timeoutHeader, name: input.url, base: input.url, fetch: (url, init) => fetch(url, init) };
  }
  const service = bindings[input.binding];
  if (!isService(service)) return undefined;
  const name = input.binding.toLowerCase().replaceAll("_", "-");
  const base = `https://${name}.internal`;
  return { protocol, timeoutHeader, name: input.binding, base, fetch: (url, init) => service.fetch(url, init) };
}

function isService(value: unknown): value is Service {
  return typeof value === "object" && value !== null && "fetch" in value && typeof value.fetch === "function";
}
