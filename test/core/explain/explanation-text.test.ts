// Explanations as text.
import { expect, it } from "vitest";
import { explanationLines, valueText } from "../../../core/explain/explanation-text.ts";

const timeout = { name: "readTimeoutMs", value: 500, source: "defaults.readTimeoutMs" };

it("writes a route: upstream, layers in order, policy", () => {
  const lines = explanationLines({
    kind: "route",
    route: "a.v1.A/Get",
    protocol: "rest",
    method: "GET",
    path: "/a/1",
    rule: "GET /a/{id}",
    methodKind: "server_streaming",
    isAdmin: false,
    notes: ["A note."],
    settings: [{ name: "upstream.endpoints", value: ["A"], source: "a.upstream.binding" }, timeout],
    steps: [
      { layer: "deadline", isAttempt: false, settings: [timeout] },
      { layer: "fallback", isAttempt: false, settings: [], other: [{ layer: "dispatch", isAttempt: true, settings: [] }] },
      { layer: "retry", isAttempt: true, settings: [] },
      { layer: "dispatch", isAttempt: true, settings: [] },
    ],
  });
  expect(lines).toEqual([
    "GET /a/1  ->  a.v1.A/Get",
    "protocol rest, HTTP rule GET /a/{id}, server streaming",
    "A note.",
    "",
    "Upstream",
    "  upstream.endpoints  A  a.upstream.binding",
    "",
    "Layers, in order",
    "   1 deadline",
    "       readTimeoutMs  500  defaults.readTimeoutMs",
    "   2 fallback",
    "     otherwise:",
    "      1 dispatch",
    "   3 retry",
    "   4 dispatch  once per attempt",
    "",
    "Policy",
    "  upstream.endpoints  A    a.upstream.binding",
    "  readTimeoutMs       500  defaults.readTimeoutMs",
  ]);
});

it("writes a refusal with the nearest routes, and marks what matters", () => {
  const lines = explanationLines(
    {
      kind: "refused",
      protocol: "rest",
      method: "PUT",
      path: "/a",
      reason: "method_not_allowed",
      message: "PUT is not allowed",
      status: 405,
      allow: ["GET"],
      nearest: ["GET /a"],
      steps: [],
    },
    { strong: (text) => `*${text}*`, faint: (text) => text },
  );
  expect(lines).toEqual([
    "PUT /a  ->  *refused: method_not_allowed*",
    "protocol rest, HTTP status 405: PUT is not allowed",
    "allowed at this path: GET",
    "",
    "*Nearest routes*",
    "  GET /a",
    "",
    "*Layers, in order*",
  ]);
});

it("writes what the Worker handles itself", () => {
  expect(explanationLines({ kind: "own", method: "GET", path: "/healthz", status: 200, notes: ["note"] })).toEqual([
    "GET /healthz  ->  the gateway itself",
    "HTTP status 200, before any layer",
    "note",
  ]);
});

it("writes values", () => {
  expect([null, [], ["a", 1], true, "text"].map(valueText)).toEqual(["none", "none", "a, 1", "true", "text"]);
});
