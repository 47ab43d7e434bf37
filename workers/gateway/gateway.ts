// Takes each request to the handler of its route, or refuses it in the protocol of its caller.
import { waitUntil } from "cloudflare:workers";
import { isAtHost } from "../../core/auth/admin-host.ts";
import { canonicalPath } from "../../core/path/canonical-path.ts";
import type { Rejection } from "../../core/rejection.ts";
import type { PathMatch } from "../../core/transcode/path-trie.ts";
import { redirectToReference, wantsPage } from "./admin/front-page.ts";
import { assemble, type HandledProcedure, type HandledRoute, type HandledRoutes } from "./assemble.ts";
import type { Responding } from "./call/layer.ts";
import { NO_ROUTE } from "./call/route.ts";
import { Call } from "./call.ts";
import type { Configuration } from "./configure/configuration.ts";
import type { HandledPage } from "./exposition/admin-pages.ts";
import { asGet, withoutBody } from "./protocol/head.ts";
import { allowsConnectGet, CONNECT_UNARY, detectProtocol, negotiateProtocol, REST } from "./protocol/protocol.ts";
import { inTextMode, isTextMode } from "./protocol/text-mode.ts";
import { isolateRegion } from "./region/isolate-region.ts";
import type { RestRoute, RestTable } from "./transcode/rules/rules.ts";

/** @param url of the request, where it has been read already: each read makes a new string */
export type Gateway = (request: Request, url?: string) => Responding;

/** Methods that a plain HTTP route forwards; its upstream decides which of them it takes. */
const FORWARDED_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/** @param routes of the configuration; explanations and traces give them other handlers */
export function createGateway(configuration: Configuration, routes: HandledRoutes = assemble(configuration)): Gateway {
  const { rest, exchange } = configuration;
  const { maxUrlBytes, admin } = configuration.policy;
  const adminHost = admin?.host;
  return (request, url = request.url) => {
    const receivedAt = Date.now();
    isolateRegion(request);
    if (url.length > maxUrlBytes) return tooLong(routes, maxUrlBytes, request, url, receivedAt);
    const target = canonicalPath(url);
    if (target.kind === "invalid") return refused(routes, request, "", receivedAt, { kind: "invalid_path", message: target.problem });
    const { path, query } = target;
    const procedure = routes.procedures.get(path);
    const page = procedure === undefined ? routes.pages.get(path) : undefined;
    if (page?.isAt(request, url) === true) return handlePage(page, request, path, query, receivedAt);
    if (adminHost !== undefined && procedure?.isAdmin !== true && isAtHost(url, adminHost))
      return unknown(routes, request, path, receivedAt);
    if (!path.startsWith("/tidegate.")) exchange?.begin(request, waitUntil); // endpoints register themselves before the first call needs their list
    if (procedure !== undefined) return handleRpc(routes, procedure, request, path, query, receivedAt);
    return handleHttp(routes, rest, request, path, query, receivedAt);
  };
}

function handlePage({ route, handle }: HandledPage, request: Request, path: string, query: string, receivedAt: number): Responding {
  return handle(new Call(request, REST, route, path, query, receivedAt));
}

/** Refuses a URL above the limit. No more of it is read than an allowed one has. */
function tooLong(routes: HandledRoutes, maxBytes: number, request: Request, url: string, receivedAt: number): Responding {
  const target = canonicalPath(url.slice(0, maxBytes));
  const path = target.kind === "ok" ? target.path : "";
  const protocol = request.method === "GET" && routes.procedures.has(path) ? CONNECT_UNARY : detectProtocol(request);
  return refused(routes, request, path, receivedAt, { kind: "url_too_long", maxBytes }, protocol);
}

/** Handles a request to the path of a method, in the protocol that it is made in. */
function handleRpc(
  routes: HandledRoutes,
  { method, route, handle }: HandledProcedure,
  request: Request,
  path: string,
  query: string,
  receivedAt: number,
): Responding {
  if (request.method === "HEAD" && allowsConnectGet(method))
    return withoutBody(handle(new Call(asGet(request), CONNECT_UNARY, route, path, query, receivedAt)), false);
  const protocol = negotiateProtocol(request, method);
  if ("refusal" in protocol) return refused(routes, request, path, receivedAt, protocol.refusal, protocol.spoken);
  if (protocol.kind === "grpc_web" && isTextMode(request, protocol.contentType))
    return inTextMode(request, protocol.contentType, (binary, contentType) =>
      handle(new Call(binary, { kind: "grpc_web", contentType }, route, path, query, receivedAt)),
    );
  return handle(new Call(request, protocol, route, path, query, receivedAt));
}

/** Handles a request to any other path: a REST rule comes first, then the longest prefix of a plain HTTP route. */
function handleHttp(routes: HandledRoutes, rest: RestTable, request: Request, path: string, query: string, receivedAt: number): Responding {
  const { rules, prefixes } = routes;
  const match = rest.match(request.method, path);
  const isTrace = request.method === "TRACE"; // never forwarded: it would show a script what the gateway adds to a request
  if (match.kind === "found" && !isTrace) return handleRest(rules.get(match.route)!, match, request, path, query, receivedAt);
  const http = prefixes.find(({ route }) => path.startsWith(route.path));
  if (isTrace && (http !== undefined || match.kind === "found"))
    return refused(routes, request, path, receivedAt, { kind: "method_not_allowed", method: "TRACE", allow: FORWARDED_METHODS });
  if (http !== undefined) {
    const problem = http.problemOf(path);
    if (problem !== undefined) return refused(routes, request, path, receivedAt, { kind: "invalid_path", message: problem });
    return http.handle(new Call(request, REST, http.route, path, query, receivedAt));
  }
  if (detectProtocol(request).kind !== "rest") return unknown(routes, request, path, receivedAt);
  if (match.kind === "unknown_path") {
    if (path === "/" && wantsPage(request)) return redirectToReference();
    return unknown(routes, request, path, receivedAt);
  }
  return refused(routes, request, path, receivedAt, { kind: "method_not_allowed", method: request.method, allow: allowedMethods(match) });
}

function handleRest(
  { route, handle }: HandledRoute,
  match: PathMatch<RestRoute> & { readonly kind: "found" },
  request: Request,
  path: string,
  query: string,
  receivedAt: number,
): Responding {
  if (request.method !== "HEAD") return handle(new Call(request, REST, route, path, query, receivedAt, match.variables));
  const isWhole = match.route.method.methodKind === "unary";
  return withoutBody(handle(new Call(asGet(request), REST, route, path, query, receivedAt, match.variables)), isWhole);
}

/** The methods that a path takes, as `Allow` lists them: HEAD comes with GET. */
function allowedMethods(match: PathMatch<RestRoute>): readonly string[] {
  if (match.kind !== "method_not_allowed") return FORWARDED_METHODS;
  const { allow } = match;
  return allow.includes("GET") && !allow.includes("HEAD") ? [...allow, "HEAD"].sort() : allow;
}

/** Nothing is served at the path. */
function unknown(routes: HandledRoutes, request: Request, path: string, receivedAt: number): Responding {
  const protocol = detectProtocol(request);
  const rejection: Rejection = protocol.kind === "rest" ? { kind: "unknown_path", path } : { kind: "unknown_procedure", procedure: path };
  return refused(routes, request, path, receivedAt, rejection, protocol);
}

function refused(
  { refuse }: HandledRoutes,
  request: Request,
  path: string,
  receivedAt: number,
  rejection: Rejection,
  protocol = detectProtocol(request),
): Responding {
  return refuse(rejection)(new Call(request, protocol, NO_ROUTE, path, "", receivedAt));
}
