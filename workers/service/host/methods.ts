// The methods that a host serves, by the paths of their URLs.
import type { MethodImplSpec, ServiceImplSpec } from "@connectrpc/connect";
import { discovery } from "../../discovery/discovery.ts";
import { serveStream } from "../serve-stream.ts";
import { serveUnary } from "../serve-unary.ts";
import type { ServiceOptions, Settings } from "../settings.ts";
import type { ServedCall } from "./served-call.ts";

export type Serve = (request: Request, call: ServedCall) => Promise<Response>;

export interface HostMethod {
  readonly spec: MethodImplSpec;
  readonly route: string; // `users.v1.UserService/GetUser`
  readonly isStream: boolean;
  readonly serve: Serve;
}

export type HostMethods = ReadonlyMap<string, HostMethod>;

/** @param services with those of reflection and health, where they are served: `withDiscovery` */
export function methodsOf(services: readonly ServiceImplSpec[], settings: Settings): HostMethods {
  const methods = new Map<string, HostMethod>();
  for (const { service, methods: specs } of services) {
    for (const spec of Object.values(specs)) {
      const route = `${service.typeName}/${spec.method.name}`;
      const isStream = spec.kind !== "unary";
      methods.set(`/${route}`, { spec, route, isStream, serve: isStream ? serveStream(spec, settings) : serveUnary(spec, settings) });
    }
  }
  return methods;
}

export function withDiscovery(services: readonly ServiceImplSpec[], options: ServiceOptions): readonly ServiceImplSpec[] {
  if (options.discovery === false) return services;
  const limits = typeof options.discovery === "object" ? options.discovery : undefined;
  const schemas = services.map(({ service }) => service);
  return [...services, ...discovery(schemas, limits)];
}

/** @returns the path of a URL. The path of a method is found without parsing the URL, which would cost a tenth of the call. */
export function pathOf(url: string, methods: HostMethods): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const query = url.indexOf("?", start);
  const path = url.slice(start, query < 0 ? undefined : query);
  return methods.has(path) ? path : new URL(url).pathname;
}
