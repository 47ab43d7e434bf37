// What a plain HTTP call asks the cache for: a resource by its path and query.

import { cacheKey } from "../../../../core/cache/cache-key.ts";
import { type Directives, NO_DIRECTIVES, parseCacheControl } from "../../../../core/cache/headers/directives.ts";
import type { HeaderFields } from "../../../../core/cache/headers/header-list.ts";
import type { CachePolicy } from "../../../../core/config/cache.ts";
import type { Call, Clock } from "../../call.ts";
import { acceptEncodingOf } from "../../protocol/protocol.ts";
import { renderHttp } from "../responses/http-response.ts";
import { type Bypass, bypass, type Lookup, type LookupBuilder } from "./lookup.ts";
import { resourceOf, selectQuery } from "./query.ts";
import { authorizationOf, dimensionsOf, keyedHeaders, scopeOf } from "./scope.ts";

/** Some readers take these for a separator, or for nothing: such a path is forwarded, and is no name for anything kept. */
const AMBIGUOUS = /%2f|%5c|;|\/\//i;
const SAFE = ["GET", "HEAD", "OPTIONS", "TRACE"];
const CONDITIONS = ["if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range"];
/** Read by some upstreams, and never told in `Vary`. */
const UNKEYED = [
  ...["x-forwarded-host", "x-forwarded-scheme", "x-forwarded-proto", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-server"],
  ...["x-host", "x-original-host", "x-original-url", "x-rewrite-url", "x-http-method", "x-http-method-override", "x-method-override"],
];

export function httpLookups(route: string, policy: CachePolicy, principalHeader: string | undefined): LookupBuilder {
  const names = policy.forward === "key" ? ["accept-encoding", ...policy.vary.filter((name) => name !== "accept-encoding")] : policy.vary;
  const ask = (call: Call): Lookup | Bypass => {
    const { method, path, query } = call.outgoing;
    const { headers } = call.request;
    if (method !== "GET" && method !== "HEAD")
      return bypass(undefined, "method", SAFE.includes(method) ? undefined : resourceOf(path, query, policy.query));
    if (call.request.body !== null) return bypass("body", "request");
    if (headers.has("if-match") || headers.has("if-unmodified-since")) return bypass("precondition", "request");
    if (policy.forward === "key" && AMBIGUOUS.test(path)) return bypass("path");
    const scope = scopeOf(headers, policy, principalHeader);
    if (scope === undefined) return bypass("scope");
    const authorization = authorizationOf(headers, policy);
    if (authorization === "passes") return bypass("authorization");
    const selected = policy.query === "all" ? query : selectQuery(query, policy.query);
    if (selected === undefined) return bypass("query");

    const fields = acceptedFields(call.request);
    const dimensions = dimensionsOf(fields, names);
    const isPart = headers.has("range");
    const told = (call: Call, clock: Clock): Call => {
      const isKeyed = policy.forward === "key";
      const outgoing = isKeyed ? keyedHeaders(call, names, dimensions, policy, principalHeader) : trusted(call.outgoing.headers, policy);
      if (isPart && isKeyed) for (const name of ["range", "if-range"]) copy(headers, outgoing, name);
      return call.forCache({ method, path, query: selected, headers: outgoing, body: null }, call.protocol, clock);
    };
    return {
      kind: "asked",
      key: cacheKey(route, scope, path + selected, dimensions),
      resource: path + selected,
      tags: policy.tags,
      upstreamCall: told,
      varyFields: policy.forward === "all" ? fields : undefined,
      hasAuthorization: authorization === "forwarded",
      directives: directivesOf(headers, policy),
      isShareable: method === "GET" && !isPart,
      fitsProtocol: () => true,
      render: (answer, said, now, forms) => renderHttp(call.request, answer, said, now, forms),
    };
  };
  const known = (call: Call): Lookup | undefined => {
    const asked = ask(call);
    return asked.kind === "asked" ? asked : undefined;
  };
  return { build: ask, remembered: known };
}

/** The fields of a request, with the codings that its caller accepts. */
function acceptedFields(request: Request): HeaderFields {
  const { headers } = request;
  return { get: (name) => (name === "accept-encoding" ? acceptEncodingOf(request) : headers.get(name)) };
}

/** `only-if-cached` asks for less, not for more: it always counts. */
function directivesOf(headers: Headers, { clientControl }: CachePolicy): Directives {
  const text = headers.get("cache-control");
  if (text === null)
    return clientControl === "honor" && headers.get("pragma") === "no-cache" ? parseCacheControl("no-cache") : NO_DIRECTIVES;
  const asked = parseCacheControl(text);
  if (clientControl === "honor") return asked;
  return asked.has("only-if-cached") ? new Map([["only-if-cached", ""]]) : NO_DIRECTIVES;
}

function trusted(from: Headers, { authorization }: CachePolicy): Headers {
  const headers = new Headers(from);
  const isPart = headers.has("range");
  for (const name of CONDITIONS) if (!isPart || !name.endsWith("range")) headers.delete(name);
  for (const name of UNKEYED) headers.delete(name);
  if (authorization === "ignore") headers.delete("authorization");
  return headers;
}

function copy(from: Headers, to: Headers, name: string): void {
  const value = from.get(name);
  if (value !== null) to.set(name, value);
}
