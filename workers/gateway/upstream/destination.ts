// Where requests are sent: to a service binding, a base URL, or a base URL through a binding.

import type { TargetInput } from "../../../core/config/target.ts";
import type { SpokenProtocol } from "../../../core/config/upstream.ts";
import type { Destination } from "../../call/destination.ts";

/** The Worker's bindings by name, before a configuration says which of them are services. */
export type Bindings = Readonly<Record<string, unknown>>;

/** Cloudflare's edge turns such a call from gRPC-Web into native gRPC, and its response back. workerd alone ignores it. */
const AS_GRPC = { cf: { grpcWeb: "convert" } } as const;

/** @returns undefined where the binding is missing, or is no service */
export function destinationOf(target: TargetInput, bindings: Bindings, protocol: SpokenProtocol): Destination | undefined {
  if ("url" in target && !("binding" in target)) {
    const { url: base } = target;
    if (protocol === "grpc")
      return { base, enforcesLength: true, fetch: (url, init) => fetch(url, { ...init, ...AS_GRPC } as RequestInit) };
    return { base, enforcesLength: true, fetch: (url, init) => fetch(url, init) };
  }
  const service = bindings[target.binding];
  if (!isService(service)) return undefined;
  // A certificate or a private network needs the real URL: its host decides where the request goes, or is the one that the server expects.
  if ("url" in target) return { base: target.url, fetch: (url, init) => service.fetch(url, init) };
  return { base: bindingBase(target.binding), isBinding: true, fetch: (url, init) => service.fetch(url, init) };
}

/** The URL that a Worker behind a binding sees: its own name, in the place of a host. */
export function bindingBase(binding: string): string {
  return `https://${binding.toLowerCase().replaceAll("_", "-")}.internal`;
}

function isService(value: unknown): value is Pick<Destination, "fetch"> {
  return typeof value === "object" && value !== null && "fetch" in value && typeof value.fetch === "function";
}
