// What the platform says of a request, and of those that are made from it.
import { expect, it } from "vitest";
import { accessOf, isFromEdge, rememberAccess, standingFor } from "../../../../workers/gateway/auth/edge.ts";

const from = (cf?: object) => new Request("https://gateway.example/a", cf === undefined ? {} : ({ cf } as RequestInit));

it("knows requests from the edge by their data center", () => {
  expect([from({ colo: "AMS" }), from({ colo: "" }), from({ colo: 7 }), from({}), from()].map(isFromEdge)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});

it("keeps the context of Access for a request, and for those that stand for it", () => {
  const [request, other] = [from(), from()];
  const access = { aud: "tag", getIdentity: () => Promise.resolve(undefined) };
  rememberAccess(request, access);
  const made = standingFor(from(), standingFor(from(), request));
  expect([accessOf(request), accessOf(made), accessOf(other)]).toEqual([access, access, undefined]);
});
