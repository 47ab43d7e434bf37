import { expect, it } from "vitest";
import type { HashSource } from "../../../../core/config/hash-on.ts";
import { httpRoute } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";
import { cookieOf, hashKeyOf } from "../../../../workers/gateway/upstream/hash-key.ts";
import { principalNamed } from "../../../support/callers.ts";

function callWith(headers: Record<string, string>, query = "", hashText?: string, principal?: string): Call {
  const request = new Request(`https://gateway.example/a${query}`, { headers: { "cf-connecting-ip": "192.0.2.7", ...headers } });
  const call = new Call(request, { kind: "rest" }, httpRoute("/a", { maxBodyBytes: 1_000 }), "/a", query, 0);
  call.hashText = hashText;
  call.principal = principal === undefined ? undefined : principalNamed(principal);
  return call;
}

const ADDRESS = "192.0.2.7";

it.each([
  [["ip"], callWith({ "x-tenant": "acme" }), ADDRESS],
  [["principal"], callWith({}, "", undefined, "ada"), "ada"],
  [["principal"], callWith({}), ADDRESS],
  [[{ header: "x-tenant" }], callWith({ "x-tenant": "acme" }), "acme"],
  [[{ header: "x-tenant" }], callWith({ "x-tenant": "" }), ADDRESS],
  [[{ query: "t" }], callWith({}, "?t=a%20b"), "a b"],
  [[{ cookie: "session" }], callWith({ cookie: "a=b; session=7" }), "7"],
  [[{ field: "tenant" }], callWith({}, "", "acme"), "acme"],
  [[{ header: "x-tenant" }, { query: "t" }, { cookie: "session" }], callWith({ cookie: "session=7" }, "?t=q"), "q"],
] as unknown as [HashSource[], Call, string][])("takes the first of %j that the call has", (sources, call, text) => {
  expect(hashKeyOf(call, sources)).toEqual({ text });
});

it("makes a cookie where the call has none, with the attributes of a session or of a time", () => {
  const key = hashKeyOf(callWith({}), [{ cookie: "tg", ttlSeconds: 60 }]);
  expect(key.text).toMatch(/^[0-9a-f-]{36}$/);
  expect(key.cookie).toBe(`tg=${key.text}; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax`);
  const session = hashKeyOf(callWith({}), [{ cookie: "tg", ttlSeconds: 0 }]);
  expect(session.cookie).toBe(`tg=${session.text}; Path=/; HttpOnly; Secure; SameSite=Lax`);
  expect(session.text).not.toBe(key.text);
});

it.each([
  ["a=1; b=2", "b", "2"],
  ["a=1;b=2", "b", "2"],
  ["ab=1", "b", undefined],
  ["b=x=y", "b", "x=y"],
  ["b=", "b", ""],
])("reads from the cookies %j that %s is %j", (cookie, name, value) => expect(cookieOf(new Headers({ cookie }), name)).toBe(value));

it("reads no cookie where there is none", () => expect(cookieOf(new Headers(), "a")).toBeUndefined());
