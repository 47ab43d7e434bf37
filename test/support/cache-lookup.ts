// A lookup and a call for tests of the cache.
import { NO_DIRECTIVES } from "../../core/cache/headers/directives.ts";
import type { Lookup } from "../../workers/gateway/cache/lookup/lookup.ts";
import { renderHttp } from "../../workers/gateway/cache/responses/http-response.ts";
import { httpRoute } from "../../workers/gateway/call/route.ts";
import { Call } from "../../workers/gateway/call.ts";
import { principalNamed } from "./callers.ts";

/** A call of a plain HTTP route, with a deadline in a minute. @param principal id of the one that makes it */
export function httpCall(path = "/a", init: RequestInit = {}, principal?: string): Call {
  const request = new Request(`https://gateway.example${path}`, init);
  const { pathname, search } = new URL(request.url);
  const route = httpRoute("/", { maxBodyBytes: 1_000_000 });
  const call = new Call(request, { kind: "rest" }, route, pathname, search, Date.now());
  call.deadlineAt = Date.now() + 60_000;
  call.principal = principal === undefined ? undefined : principalNamed(principal);
  return call;
}

export function lookupOf(key: string, more: Partial<Lookup> = {}): Lookup {
  const request = new Request("https://gateway.example/a");
  return {
    kind: "lookup",
    key,
    resource: "/a",
    tags: [],
    upstreamCall: (call, clock) => {
      const { method, path, query, headers, body } = call.outgoing;
      return call.forCache({ method, path, query, headers: new Headers(headers), body, isShared: true }, call.protocol, clock);
    },
    varyFields: undefined,
    hasAuthorization: false,
    directives: NO_DIRECTIVES,
    isShareable: true,
    fitsProtocol: () => true,
    render: (response, headers, now, renderings) => renderHttp(request, response, headers, now, renderings),
    ...more,
  };
}
