// The facts of a route that its calls refer to.
import type { DescMethod } from "@bufbuild/protobuf";
import { HEADER_RULES } from "../../../core/config/headers.ts";
import type { HttpRoutePolicy } from "../../../core/config/http-route.ts";
import { MEMORY } from "../../../core/config/overload.ts";
import { DEFAULTS, type RoutePolicy } from "../../../core/config/route.ts";
import { WITHHELD_FIELDS } from "../../../core/headers.ts";
import { ByteBudget } from "../../../core/overload/byte-budget.ts";
import type { HeaderRules } from "../../../core/protocol/received-headers.ts";
import type { GatewayIdentity } from "../auth/identity/gateway-identity.ts";

/** Limits of one message of a caller. */
export interface MessageLimits {
  readonly maxBodyBytes: number; // largest message, decompressed, or largest plain HTTP body
  readonly maxMessageElements: number; // 0 for plain HTTP, which is not decoded
  readonly maxInflation?: number | undefined; // times its compressed size, beyond 64 KiB; MAX_INFLATION where it is not given
}

/** Limits of one response of an upstream. */
export interface ResponseLimits {
  readonly maxResponseBytes: number; // largest response, of a stream each message; Infinity for no bound
  readonly maxResponseElements: number; // most elements of a message that is decoded
}

/** What all calls of a route have in common; made once, when the configuration is compiled. */
export interface Route extends MessageLimits, ResponseLimits {
  readonly name: string; // `users.v1.UserService/GetUser`; the prefix of a plain HTTP route; empty where no route matched
  readonly path: string; // canonical: `/users.v1.UserService/GetUser`; the prefix of a plain HTTP route
  readonly template: string; // REST path as the rule has it: `/v1/users/{id}`; empty for other routes
  readonly service: string; // full name of the service; the prefix of a plain HTTP route
  readonly method: DescMethod | undefined; // undefined for plain HTTP
  readonly withheldFields: ReadonlySet<string>; // response fields of the upstream that callers do not get, in lower case
  readonly memory: ByteBudget; // what calls may hold, in all routes of the isolate together
  readonly headers: HeaderRules; // what the headers of a request are held to
  readonly identity: GatewayIdentity | undefined; // states to upstreams who calls; undefined where they learn nothing
}

/** Name and path of a method, as Connect and gRPC write them. */
export function procedureOf({ parent, name: method }: DescMethod): Pick<Route, "name" | "path"> {
  const name = `${parent.typeName}/${method}`;
  return { name, path: `/${name}` };
}

/** Settings of a method, those of its responses with their defaults. */
type RpcSettings = MessageLimits & Partial<ResponseLimits & Pick<RoutePolicy, "forwardResponseHeaders">>;

type HttpSettings = Pick<HttpRoutePolicy, "maxBodyBytes"> & Partial<Pick<HttpRoutePolicy, "maxResponseBytes">>;

const NONE: ReadonlySet<string> = new Set();
const ALL_WITHHELD: ReadonlySet<string> = new Set(WITHHELD_FIELDS);

/**
 * @param memory   the budget of the isolate; one of its own where it is not given
 * @param headers  what the headers of a request are held to; the defaults where it is not given
 * @param identity states to the upstream who calls, where the configuration says so
 * @param template of the REST paths by which calls come in
 */
export function rpcRoute(
  method: DescMethod,
  { maxBodyBytes, maxMessageElements, maxInflation, forwardResponseHeaders: forwarded = [], ...limits }: RpcSettings,
  memory = new ByteBudget(MEMORY),
  headers: HeaderRules = HEADER_RULES,
  identity?: GatewayIdentity,
  template = "",
): Route {
  return {
    ...procedureOf(method),
    template,
    service: method.parent.typeName,
    method,
    maxBodyBytes,
    maxMessageElements,
    maxInflation,
    maxResponseBytes: limits.maxResponseBytes ?? DEFAULTS.maxResponseBytes,
    maxResponseElements: limits.maxResponseElements ?? DEFAULTS.maxResponseElements,
    withheldFields: forwarded.length === 0 ? ALL_WITHHELD : new Set(WITHHELD_FIELDS.filter((name) => !forwarded.includes(name))),
    memory,
    headers,
    identity,
  };
}

/** Parameters as those of `rpcRoute`. */
export function httpRoute(
  prefix: string,
  { maxBodyBytes, maxResponseBytes = DEFAULTS.maxResponseBytes }: HttpSettings,
  memory = new ByteBudget(MEMORY),
  headers: HeaderRules = HEADER_RULES,
  identity?: GatewayIdentity,
): Route {
  return {
    name: prefix,
    path: prefix,
    template: "",
    service: prefix,
    method: undefined,
    maxBodyBytes,
    maxMessageElements: 0,
    maxResponseBytes,
    maxResponseElements: 0,
    withheldFields: NONE,
    memory,
    headers,
    identity,
  };
}

/** Where no route matched: such a call is refused. */
export const NO_ROUTE: Route = httpRoute("", { maxBodyBytes: 0, maxResponseBytes: 0 });
