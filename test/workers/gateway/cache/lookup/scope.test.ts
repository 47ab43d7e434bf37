// Scopes, credentials, and the header fields that the upstream of a cached route receives.
import { describe, expect, it } from "vitest";
import type { CachePolicy } from "../../../../../core/config/cache.ts";
import { authorizationOf, dimensionsOf, keyedHeaders, scopeOf } from "../../../../../workers/gateway/cache/lookup/scope.ts";
import { httpCall } from "../../../../support/cache-lookup.ts";

const policy = (more: Partial<CachePolicy> = {}) => ({ scope: "shared", authorization: "bypass", ...more }) as CachePolicy;

it("a scope is the principal or the value of a header, and missing where the call does not name it", () => {
  const init = { headers: { "x-tenant": "acme", "x-empty": "" } };
  const [call, named] = [httpCall("/a", init), httpCall("/a", init, "ada")];
  expect(scopeOf(call, policy())).toBe("");
  expect(scopeOf(named, policy({ scope: "principal" }))).toBe("ada");
  expect(scopeOf(call, policy({ scope: { header: "x-tenant" } }))).toBe("acme");
  expect(scopeOf(call, policy({ scope: "principal" }))).toBeUndefined();
  for (const header of ["x-empty", "x-none"]) expect(scopeOf(call, policy({ scope: { header } }))).toBeUndefined();
});

it("credentials bypass the cache, are forwarded or ignored", () => {
  const call = httpCall("/a", { headers: { authorization: "Bearer a" } }, "ada");
  const uses = (["bypass", "forward", "ignore"] as const).map((authorization) => authorizationOf(call, policy({ authorization })));
  expect(uses).toEqual(["bypass", "forwarded", "none"]);
  expect(authorizationOf(httpCall("/a"), policy())).toBe("none");
});

it("credentials that no upstream gets are the name of their principal, where responses are separated by it", () => {
  const call = httpCall("/a", { headers: { authorization: "Bearer a" } }, "ada");
  expect(authorizationOf(call, policy({ scope: "principal" }))).toBe("bypass");
  call.outgoing.headers.delete("authorization");
  expect([authorizationOf(call, policy({ scope: "principal" })), authorizationOf(call, policy())]).toEqual(["none", "bypass"]);
  const anonymous = httpCall("/a", { headers: { authorization: "Bearer a" } });
  anonymous.outgoing.headers.delete("authorization");
  expect(authorizationOf(anonymous, policy({ scope: "principal" }))).toBe("bypass");
});

describe("the header fields of a fetch", () => {
  const from = { "x-a": "b ,c", "accept-language": "DE, en", cookie: "s=1", authorization: "Bearer a", "x-tenant": "acme" };
  const send = (more: Partial<CachePolicy>, names: readonly string[] = ["accept-language"], headers: Record<string, string> = from) => {
    const call = httpCall("/a", { headers }, "ada");
    return keyedHeaders(call, names, dimensionsOf(call.request.headers, names), policy(more));
  };

  it("are those of the key, normalized", () => {
    expect([...send({}, ["accept-language", "x-a", "x-none"])].filter(([name]) => name !== "traceparent")).toEqual([
      ["accept-language", "de, en"],
      ["x-a", "b, c"],
    ]);
  });

  it("include credentials and the scope only where they are part of the key", () => {
    expect([send({}).has("authorization"), send({ authorization: "forward" }).get("authorization")]).toEqual([false, "Bearer a"]);
    expect([send({}).has("x-tenant"), send({ scope: { header: "x-tenant" } }).get("x-tenant")]).toEqual([false, "acme"]);
  });

  it("include identifiers of the call only in their fixed form", () => {
    const call = httpCall("/a");
    call.outgoing.headers.set("x-request-id", "7391d88a-f01b-43ea-9a76-e50ae7e0f681");
    call.outgoing.headers.set("traceparent", "evil");
    const headers = keyedHeaders(call, [], [], policy());
    expect([headers.has("x-request-id"), headers.has("traceparent")]).toEqual([true, false]);
  });
});
