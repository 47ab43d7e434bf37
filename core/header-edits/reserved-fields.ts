// Header fields that a configuration cannot edit: those by which protocols, caches, connections and the gateway itself work.
import { isCrossOriginField } from "../cors.ts";
import { CONNECTION_FIELDS, isRemovedFromRequests } from "../headers.ts";

export const EDIT_OPERATIONS = ["set", "default", "add", "remove"] as const;
export type EditOperation = (typeof EDIT_OPERATIONS)[number];
export type EditDirection = "request" | "response";
/** Of a plain HTTP route, or of RPC and REST: `defaults` hold for both. */
export type EditedRoute = "rpc" | "http";

/** Fields about the client that an operator may write: what callers send in them has been removed. */
const ABOUT_CLIENT = ["x-real-ip", "x-client-ip", "true-client-ip", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix"];
const PROTOCOL = /^(?:connect-|(?:x-)?grpc-|trailer(?:-|$))/;
const BODY = /^(?:content-(?:length|type|encoding|range|digest|md5)|(?:repr-|want-.*)?digest)$/;
const TIDEGATE = /^(?:x-)?tidegate-/;
const OWN_REQUEST = ["x-request-id", "traceparent", "tracestate", "accept-encoding"];
const OWN_RESPONSE =
  /^(?:x-request-id|x-content-type-options|www-authenticate|authentication-info|allow|accept-post|retry-after|ratelimit(?:-.*)?)$/;
const CONDITION = /^(?:range|if-.*)$/;
const STORED = ["age", "cache-status", "date", "etag", "last-modified", "accept-ranges"];
const CONNECTION = new Set([...CONNECTION_FIELDS, "expect", "host", "upgrade"]);

const OF_CONNECTION = "it belongs to one connection";
const OF_PROTOCOL = "the protocol of the call writes it";
const OF_BODY = "it describes the body";
const OF_GATEWAY = "the gateway writes it itself";

/**
 * @param name in lower case
 * @returns why the field cannot be edited in this way; undefined where it can
 */
export function reservedBecause(name: string, operation: EditOperation, direction: EditDirection, route: EditedRoute): string | undefined {
  if (CONNECTION.has(name)) return OF_CONNECTION;
  if (PROTOCOL.test(name)) return OF_PROTOCOL;
  if (TIDEGATE.test(name)) return "the name is reserved for Tidegate";
  return direction === "request" ? inRequest(name, operation) : inResponse(name, operation, route);
}

function inRequest(name: string, operation: EditOperation): string | undefined {
  if (ABOUT_CLIENT.includes(name)) return undefined;
  if (BODY.test(name)) return OF_BODY;
  if (OWN_REQUEST.includes(name) || name === "x-forwarded-for" || name === "x-forwarded-proto") return OF_GATEWAY;
  if (isRemovedFromRequests(name)) return "upstreams read in it what a trusted proxy has seen; no request keeps it";
  if (CONDITION.test(name)) return "the cache of the gateway, and of the caller, depend on it";
  if (name === "idempotency-key") return "retries depend on it, and one value for many calls would make them one call";
  if (name === "cookie" && operation !== "remove") return "cookies of a caller are one list, which can only be removed";
  if (name === "authorization" && operation === "add") return "a request has one credential: write it under set";
  return undefined;
}

function inResponse(name: string, operation: EditOperation, route: EditedRoute): string | undefined {
  if (BODY.test(name) && !(name === "content-type" && route === "http")) return OF_BODY;
  if (isCrossOriginField(name)) return "cors writes it";
  if (OWN_RESPONSE.test(name)) return OF_GATEWAY;
  if (STORED.includes(name)) return "caches depend on it";
  if (name.startsWith("proxy-")) return OF_CONNECTION;
  if (name === "vary" && operation !== "add") return "caches depend on it: write further names under add";
  if (name === "content-security-policy" && route === "rpc" && operation !== "add")
    return "pages of upstreams run in a sandbox by it: write a further policy under add";
  if (name !== "set-cookie") return undefined;
  if (operation !== "remove") return "one cookie for all callers is a session that they share";
  return route === "rpc" ? "responses of RPC lose it already (forwardResponseHeaders), and cookies of the gateway need it" : undefined;
}

/** Fields that let others store a response. */
const ABOUT_STORING: ReadonlySet<string> = new Set([
  "cache-control",
  "cdn-cache-control",
  "cloudflare-cdn-cache-control",
  "expires",
  "pragma",
  "surrogate-control",
]);

/** Whether a field is left as it is on errors (status 400 and above): a rule about storing is meant for what the route serves. */
export function isAboutStoring(name: string): boolean {
  return ABOUT_STORING.has(name);
}
