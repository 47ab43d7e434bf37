// Lookups of plain HTTP calls: a resource is named by its path and query.

import { cacheKey } from "../../../../core/cache/cache-key.ts";
import { type Directives, NO_DIRECTIVES, parseCacheControl } from "../../../../core/cache/headers/directives.ts";
import type { HeaderFields } from "../../../../core/cache/headers/header-list.ts";
import type { CachePolicy } from "../../../../core/config/cache.ts";
import { ambiguityOf } from "../../../../core/path/ambiguous-path.ts";
import type { Call, Clock } from "../../call.ts";
import { acceptEncodingOf } from "../../protocol/protocol.ts";
import { renderHttp } from "../responses/http-response.ts";
import { type Bypass, bypass, type Lookup, type LookupBuilder } from "./lookup.ts";
import { resourceOf, selectQuery } from "./query.ts";
import { authorizationOf, dimensionsOf, keyedHeaders, scopeOf } from "./scope.ts";

const SAFE_METHODS = ["GET", "HEAD", "OPTIONS", "TRACE"];
const CONDITIONS = ["if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range"];
/** Fields that some upstreams read and never name in `Vary`. */
const UNKEYED = [
  ...["x-forwarded-host", "x-forwarded-scheme", "x-forwarded-proto", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-server"],
  ...["x-host", "x-original-host", "x-original-url", "x-rewrite-url", "x-http-method", "x-http-method-override", "x-method-override"],
];

export function httpLookups(route: string, policy: CachePolicy): LookupBuilder {
  const isKeyed = policy.forward === "key";
  const names = isKeyed ? ["accept-encoding", ...policy.vary.filter((name) => name !== "accept-encoding")] : policy.vary;

  const build = (call: Call): Lookup | Bypass => {
    const { method, path, query } = call.outgoing;
    const { headers } = call.request;
    const excluded = bypassFor(call, policy);
    if (excluded !== undefined) return excluded;
    const scope = scopeOf(call, policy);
    if (scope === undefined) return bypass("scope");
    const authorization = authorizationOf(call, policy);
    if (authorization === "bypass") return bypass("authorization");
    const selectedQuery = policy.query === "all" ? query : selectQuery(query, policy.query);
    if (selectedQuery === undefined) return bypass("query");

    const fields = acceptedFields(call.request);
    const dimensions = dimensionsOf(fields, names);
    const isRange = headers.has("range");
    const upstreamCall = (from: Call, clock: Clock): Call => {
      const outgoing = isKeyed ? keyedHeaders(from, names, dimensions, policy) : forwardedHeaders(from, policy);
      if (isRange && isKeyed) for (const name of ["range", "if-range"]) copyField(headers, outgoing, name);
      return from.forCache(
        { method, path, query: selectedQuery, headers: outgoing, body: null, isShared: policy.scope !== "principal" },
        from.protocol,
        clock,
      );
    };
    return {
      kind: "lookup",
      key: cacheKey(route, scope, path + selectedQuery, dimensions),
      resource: path + selectedQuery,
      tags: policy.tags,
      upstreamCall,
      varyFields: isKeyed ? undefined : fields,
      hasAuthorization: authorization === "forwarded",
      directives: requestDirectives(headers, policy),
      isShareable: method === "GET" && !isRange,
      fitsProtocol: () => true,
      render: (response, cacheHeaders, now, renderings) => renderHttp(call.request, response, cacheHeaders, now, renderings),
    };
  };
  const remembered = (call: Call): Lookup | undefined => {
    const built = build(call);
    return built.kind === "lookup" ? built : undefined;
  };
  return { build, remembered };
}

/** Why a call bypasses the cache, as far as its method, body, conditions and path decide that. */
function bypassFor({ request, outgoing }: Call, policy: CachePolicy): Bypass | undefined {
  const { method, path, query } = outgoing;
  if (method !== "GET" && method !== "HEAD")
    return bypass(undefined, "method", SAFE_METHODS.includes(method) ? undefined : resourceOf(path, query, policy.query));
  if (request.body !== null) return bypass("body", "request");
  if (request.headers.has("if-match") || request.headers.has("if-unmodified-since")) return bypass("precondition", "request");
  if (policy.forward === "key" && ambiguityOf(path) !== undefined) return bypass("path"); // upstreams may read it in different ways
  return undefined;
}

/** The fields of a request; Accept-Encoding as the caller sent it. */
function acceptedFields(request: Request): HeaderFields {
  const { headers } = request;
  return { get: (name) => (name === "accept-encoding" ? acceptEncodingOf(request) : headers.get(name)) };
}

/** `only-if-cached` always counts: it never causes a call to the upstream. */
function requestDirectives(headers: Headers, { clientControl }: CachePolicy): Directives {
  const text = headers.get("cache-control");
  if (text === null)
    return clientControl === "honor" && headers.get("pragma") === "no-cache" ? parseCacheControl("no-cache") : NO_DIRECTIVES;
  const directives = parseCacheControl(text);
  if (clientControl === "honor") return directives;
  return directives.has("only-if-cached") ? new Map([["only-if-cached", ""]]) : NO_DIRECTIVES;
}

/** All header fields of the call except conditions, which are the cache's own, and fields that could poison the stored response. */
function forwardedHeaders({ outgoing }: Call, { authorization }: CachePolicy): Headers {
  const headers = new Headers(outgoing.headers);
  const isRange = headers.has("range");
  for (const name of CONDITIONS) if (!isRange || !name.endsWith("range")) headers.delete(name);
  for (const name of UNKEYED) headers.delete(name);
  if (authorization === "ignore") headers.delete("authorization");
  return headers;
}

function copyField(from: Headers, to: Headers, name: string): void {
  const value = from.get(name);
  if (value !== null) to.set(name, value);
}
