import { expect, it } from "vitest";
import { hostRefusalOf, outcomeOf } from "../../../workers/call/outcome.ts";

const response = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });

it.each([
  [200, {}, "responded"],
  [404, {}, "responded"],
  [429, {}, "responded"],
  [500, {}, "failed"],
  [501, {}, "responded"],
  [502, {}, "failed"],
  [503, {}, "unavailable"],
  [505, {}, "responded"],
  [599, {}, "failed"],
  [503, { "tidegate-shed": "full" }, "shed"],
  [200, { "tidegate-shed": "full" }, "responded"],
  [200, { "grpc-status": "0" }, "responded"],
  [200, { "grpc-status": "5" }, "responded"],
  [200, { "grpc-status": "14" }, "unavailable"],
  [200, { "grpc-status": "14", "tidegate-shed": "level" }, "shed"],
  [200, { "grpc-status": "2" }, "failed"],
  [200, { "grpc-status": "4" }, "failed"],
  [200, { "grpc-status": "13" }, "failed"],
  [200, { "grpc-status": "15" }, "failed"],
] as const)("counts a response with status %d and %j as %s", (status, headers, outcome) => {
  expect(outcomeOf(response(status, headers))).toBe(outcome);
});

it.each([
  [503, {}, undefined],
  [503, { "tidegate-redirect": "1" }, "redirect"],
  [503, { "tidegate-shed": "full" }, "shed"],
  [503, { "tidegate-redirect": "1", "tidegate-shed": "full" }, "redirect"],
  [200, { "tidegate-redirect": "1" }, undefined],
  [200, { "grpc-status": "14", "tidegate-shed": "full" }, "shed"],
  [500, { "tidegate-shed": "full" }, undefined],
] as const)("takes a response with status %d and %j for the refusal %s of a host", (status, headers, refusal) => {
  expect(hostRefusalOf(response(status, headers))).toBe(refusal);
});
