// The version of a service that a call goes to.
import { describe, expect, it } from "vitest";
import { chooseVersion, versionNamed } from "../../../core/balance/canary.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { parseTraffic, type TrafficPolicy } from "../../../core/config/traffic.ts";
import { hash32 } from "../../../core/hash.ts";
import { accepted } from "../config/settings.ts";

const UPSTREAM = { url: "https://a.example" };
const parser = (check: Checks, value: unknown) => parseTraffic(check, "traffic", value);
const canary = (more: object = {}) => ({ name: "v2", upstream: UPSTREAM, ...more });

describe("a version of a service", () => {
  const policy = accepted(parser, {
    canaries: [canary({ percent: 10, header: "x-v" }), canary({ name: "v3", percent: 30, cookie: "v" })],
  }) as TrafficPolicy;
  const hintsOf = (caller: string, header: string | null = null, cookie?: string) => ({
    caller,
    header: (name: string) => (name === "x-v" ? header : null),
    cookie: (name: string) => (name === "v" ? cookie : undefined),
  });

  it("gets calls that name it by header or cookie", () => {
    expect(
      [hintsOf("a", "v2"), hintsOf("a", "v3"), hintsOf("a", null, "v3"), hintsOf("a", null, "v2"), hintsOf("a")].map((hints) =>
        versionNamed(policy, hints),
      ),
    ).toEqual([0, -1, 1, -1, -1]);
    expect(chooseVersion(policy, hintsOf("b", null, "v3"))).toBe(1);
  });

  it("is not named by headers and cookies that its canary does not have", () => {
    const unnamed = accepted(parser, { canaries: [canary()] })!;
    expect(versionNamed(unnamed, { header: () => "v2", cookie: () => "v2" })).toBe(-1);
  });

  it("gets its share of the callers, each caller always the same version", () => {
    const counts = [0, 0, 0];
    for (let n = 0; n < 20_000; n++) {
      const version = chooseVersion(policy, hintsOf(`caller-${n}`));
      expect(chooseVersion(policy, hintsOf(`caller-${n}`))).toBe(version);
      counts[version + 1]! += 1;
    }
    expect(Math.abs(counts[0]! - 12_000)).toBeLessThan(400);
    expect(Math.abs(counts[1]! - 2_000)).toBeLessThan(300);
    expect(Math.abs(counts[2]! - 6_000)).toBeLessThan(400);
  });

  it("gets positions below its share, and not at it", () => {
    const callerAt = (position: number) => {
      for (let n = 0; ; n++) if (hash32(`version/${n}`) % 10_000 === position) return `${n}`;
    };
    const versions = [0, 999, 1_000, 3_999, 4_000, 9_999].map((position) => chooseVersion(policy, hintsOf(callerAt(position))));
    expect(versions).toEqual([0, 0, 1, 1, -1, -1]);
    const [none] = [accepted(parser, { canaries: [canary({ percent: 0 })] })!];
    expect(chooseVersion(none, hintsOf(callerAt(0)))).toBe(-1);
  });

  it("gets all calls at 100 percent, and none at 0", () => {
    const share = (percent: number) => accepted(parser, { canaries: [canary({ percent })] })!;
    for (let n = 0; n < 200; n++) {
      expect(chooseVersion(share(100), hintsOf(`${n}`))).toBe(0);
      expect(chooseVersion(share(0), hintsOf(`${n}`))).toBe(-1);
    }
  });
});
