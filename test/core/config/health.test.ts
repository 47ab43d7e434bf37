// The settings of health checks.
import { describe, expect, it } from "vitest";
import type { Checks } from "../../../core/config/problems.ts";
import { parseUpstream, type UpstreamPolicy } from "../../../core/config/upstream.ts";
import { accepted, itKnowsItsFields, itReadsNumbers, parsed } from "./settings.ts";

describe("health checks", () => {
  const health = (check: Checks, value: unknown) => parseUpstream(check, "u", { registry: true, health: value }).health;
  const read = (field: "intervalMs" | "timeoutMs" | "healthyAfter" | "unhealthyAfter") => ({
    field,
    read: (policy: UpstreamPolicy["health"]) => policy?.[field],
  });
  itReadsNumbers(health, "u.health", [
    { ...read("intervalMs"), min: 1_000, max: 600_000, fallback: 10_000, unit: "ms" },
    { ...read("timeoutMs"), min: 100, max: 60_000, fallback: 2_000, unit: "ms" },
    { ...read("healthyAfter"), min: 1, max: 100, fallback: 2, unit: "checks" },
    { ...read("unhealthyAfter"), min: 1, max: 100, fallback: 3, unit: "checks" },
  ]);
  itKnowsItsFields(health, "u.health", ["check", "intervalMs", "timeoutMs", "healthyAfter", "unhealthyAfter"]);

  it("are those of grpc.health.v1, or a path; none where nothing is written", () => {
    expect(accepted(health, undefined)).toBeUndefined();
    for (const value of [{}, { check: "grpc" }]) expect(accepted(health, value)).toMatchObject({ kind: "grpc", path: "" });
    for (const path of ["/", "/healthz", "/a/b-c.d"]) expect(accepted(health, { check: path })).toMatchObject({ kind: "http", path });
    for (const written of ["http", "healthz", "/a b", "/a?b", "/a#b", "/a\\b", 7])
      expect(parsed(health, { check: written }).problems).toEqual([
        `u.health.check: found ${JSON.stringify(written)}; write "grpc", or a path such as "/healthz"`,
      ]);
  });
});
