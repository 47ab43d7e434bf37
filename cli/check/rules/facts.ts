// What the rules of `check` look at: a valid configuration, as it was written and as the gateway reads it.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import type { HttpRoutePolicy } from "../../../core/config/http-route.ts";
import { join } from "../../../core/config/problems.ts";
import type { RoutePolicy } from "../../../core/config/route.ts";
import type { RestRoute } from "../../../workers/gateway/transcode/rules/rules.ts";

/** What a rule reports: the gateway starts with it, but it does not do what its author expects. */
export interface Suspicion {
  readonly severity: "warning" | "note";
  readonly path: string; // path of a setting
  readonly found: string;
  readonly fix: string;
}

export type Rule = (facts: Facts) => readonly Suspicion[];

/** A level of settings as it was written, with its path. */
export interface Level {
  readonly path: string;
  readonly written: WrittenFields;
}

export type WrittenFields = Readonly<Record<string, unknown>>;

/** A method or a prefix, with its effective settings. */
export interface CheckedRoute {
  readonly path: string; // path of its own settings
  readonly name: string; // `users.v1.UserService.GetUser`, or the prefix
  readonly method: DescMethod | undefined; // undefined for plain HTTP
  readonly policy: RoutePolicy | HttpRoutePolicy;
  readonly levels: readonly Level[]; // the most specific one first
}

export interface Facts {
  readonly policy: GatewayPolicy;
  readonly written: WrittenFields; // plain JSON
  readonly services: readonly DescService[]; // the listed ones, with the idempotency of the configuration
  readonly rest: readonly RestRoute[];
  readonly routes: readonly CheckedRoute[];
  readonly hosts: readonly string[]; // hosts of the gateway itself, lower case; `*` is any text
}

export function warning(path: string, found: string, fix: string): Suspicion {
  return { severity: "warning", path, found, fix };
}

export function note(path: string, found: string, fix: string): Suspicion {
  return { severity: "note", path, found, fix };
}

/** @returns an object in any case */
export function fieldsOf(value: unknown): WrittenFields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as WrittenFields) : {};
}

/** Every method of the listed services, and every prefix of plain HTTP. */
export function routesOf(policy: GatewayPolicy, written: WrittenFields, services: readonly DescService[]): CheckedRoute[] {
  const defaults: Level = { path: "defaults", written: fieldsOf(written["defaults"]) };
  const methods = services.flatMap((service) => {
    const settings = policy.services.get(service.typeName);
    const outer: Level = {
      path: join("services", service.typeName),
      written: fieldsOf(fieldsOf(written["services"])[service.typeName]),
    };
    return service.methods.flatMap((method): CheckedRoute[] => {
      const route = settings?.methods.get(method.name);
      if (route === undefined) return [];
      const path = join(`${outer.path}.methods`, method.name);
      const own: Level = { path, written: fieldsOf(fieldsOf(outer.written["methods"])[method.name]) };
      return [{ path, name: `${service.typeName}.${method.name}`, method, policy: route, levels: [own, outer, defaults] }];
    });
  });
  const prefixes = [...policy.httpRoutes].map(([prefix, route]): CheckedRoute => {
    const path = join("httpRoutes", prefix);
    const own: Level = { path, written: fieldsOf(fieldsOf(written["httpRoutes"])[prefix]) };
    return { path, name: prefix, method: undefined, policy: route, levels: [own, defaults] };
  });
  return [...methods, ...prefixes];
}

/** @returns the level whose value of a setting holds for a route; undefined where the default holds */
export function levelOf({ levels }: CheckedRoute, name: string): Level | undefined {
  return levels.find(({ written }) => written[name] !== undefined);
}

/** @param name of a block such as `retries`. @returns the path of one of its settings where it was written, otherwise undefined */
export function writtenIn(route: CheckedRoute, name: string, inner: string): string | undefined {
  const level = levelOf(route, name);
  return level !== undefined && fieldsOf(level.written[name])[inner] !== undefined ? join(join(level.path, name), inner) : undefined;
}

/** @returns the path of a setting of a route where it was written, otherwise undefined */
export function writtenAt(route: CheckedRoute, name: string): string | undefined {
  const level = levelOf(route, name);
  return level && join(level.path, name);
}
