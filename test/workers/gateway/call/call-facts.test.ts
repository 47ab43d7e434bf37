// Facts of a call in header fields: which it has, and that a call for several callers has none about one of them.
import { expect, it } from "vitest";
import { CALL_FACTS } from "../../../../core/header-edits/value-template.ts";
import { callFact } from "../../../../workers/gateway/call/call-facts.ts";
import { httpRoute } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";
import { REST } from "../../../../workers/gateway/protocol/protocol.ts";

function callTo(url: string): Call {
  const request = new Request("https://placeholder.example/", { headers: { "cf-connecting-ip": "192.0.2.1" } });
  Object.defineProperty(request, "url", { value: url });
  const call = new Call(request, REST, httpRoute("/a/", { maxBodyBytes: 1 }), "/a/", "", 0);
  call.id = "r1";
  return call;
}

const factsOf = (call: Call) => Object.fromEntries(CALL_FACTS.map((fact) => [fact, callFact(call, fact)]));

it("has those of an anonymous caller, and those of a proven one", () => {
  const call = callTo("https://login@api.example:8080/a/?b#c");
  const anonymous = { "request.id": "r1", "request.host": "api.example:8080", "client.address": "192.0.2.1", "route.name": "/a/" };
  expect(factsOf(call)).toEqual(anonymous);
  call.principal = { kind: "key", id: "key:1", subject: "s", owner: "o", plan: "pro", scopes: [], claims: {}, expiresAt: 1 };
  const proven = { "auth.principal": "key:1", "auth.subject": "s", "auth.owner": "o", "auth.plan": "pro" };
  expect(factsOf(call)).toEqual({ ...anonymous, ...proven });
});

it("has none about a caller where its response is for several", () => {
  const call = callTo("https://api.example/a/");
  call.principal = { kind: "key", id: "key:1", scopes: [], claims: {}, expiresAt: 1 };
  call.isShared = true;
  expect(factsOf(call)).toEqual({ "request.id": "r1", "route.name": "/a/" });
});
