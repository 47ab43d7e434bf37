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

describe("versions of a service get calls", () => {
  const policy = accepted(parser, {
    canaries: [canary({ percent: 10, header: "x-v" }), canary({ name: "v3", percent: 30, cookie: "v" })],
  }) as TrafficPolicy;
  const brought = (caller: string, header: string | null = null, cookie?: string) => ({
    caller,
    header: (name: string) => (name === "x-v" ? header : null),
    cookie: (name: string) => (name === "v" ? cookie : undefined),
  });

  it("that name them, by header or cookie", () => {
    expect(
      [brought("a", "v2"), brought("a", "v3"), brought("a", null, "v3"), brought("a", null, "v2"), brought("a")].map((one) =>
        versionNamed(policy, one),
      ),
    ).toEqual([0, -1, 1, -1, -1]);
    expect(chooseVersion(policy, brought("anybody", null, "v3"))).toBe(1);
  });

  it("in their share of callers, each caller always the same version", () => {
    const counts = [0, 0, 0];
    for (let n = 0; n < 20_000; n++) {
      const version = chooseVersion(policy, brought(`caller-${n}`));
      expect(chooseVersion(policy, brought(`caller-${n}`))).toBe(version);
      counts[version + 1]! += 1;
    }
    expect(Math.abs(counts[0]! - 12_000)).toBeLessThan(400);
    expect(Math.abs(counts[1]! - 2_000)).toBeLessThan(300);
    expect(Math.abs(counts[2]! - 6_000)).toBeLessThan(400);
  });

  it("below their share, and not at it", () => {
    const placed = (place: number) => {
      for (let n = 0; ; n++) if (hash32(`version/${n}`) % 10_000 === place) return `${n}`;
    };
    const places = [0, 999, 1_000, 3_999, 4_000, 9_999].map((place) => chooseVersion(policy, brought(placed(place))));
    expect(places).toEqual([0, 0, 1, 1, -1, -1]);
    const [none] = [accepted(parser, { canaries: [canary({ percent: 0 })] })!];
    expect(chooseVersion(none, brought(placed(0)))).toBe(-1);
  });

  it("all of them at 100 percent, and none at 0", () => {
    const share = (percent: number) => accepted(parser, { canaries: [canary({ percent })] })!;
    for (let n = 0; n < 200; n++) {
      expect(chooseVersion(share(100), brought(`${n}`))).toBe(0);
      expect(chooseVersion(share(0), brought(`${n}`))).toBe(-1);
    }
  });
});
