// The settings of canaries and mirrors.
import { describe, expect, it } from "vitest";
import type { Checks } from "../../../core/config/problems.ts";
import { parseTraffic } from "../../../core/config/traffic.ts";
import { accepted, itKnowsItsFields, parsed } from "./settings.ts";

const UPSTREAM = { url: "https://a.example" };
const show = (value: unknown): string => {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

describe("versions of a service", () => {
  const parser = (check: Checks, value: unknown) => parseTraffic(check, "traffic", value);
  const canary = (more: object = {}) => ({ name: "v2", upstream: UPSTREAM, ...more });
  const problems = (value: unknown) => parsed(parser, value).problems;
  itKnowsItsFields(parser, "traffic", ["canaries", "stickOn", "mirror"]);

  it("are none where nothing is written", () => {
    expect(accepted(parser, undefined)).toBeUndefined();
    expect(accepted(parser, {})).toEqual({ canaries: [], stickOn: ["ip"], mirror: undefined });
  });

  it("have a name, a share, and a header or cookie that names them", () => {
    const { canaries } = accepted(parser, { canaries: [canary(), canary({ name: "v3", percent: 12.5, header: "X-V", cookie: "v-1" })] })!;
    expect(canaries.map(({ upstream: _, ...rest }) => rest)).toEqual([
      { name: "v2", percent: 0, header: undefined, cookie: undefined },
      { name: "v3", percent: 12.5, header: "x-v", cookie: "v-1" },
    ]);
    for (const name of [undefined, "", "a b", "a".repeat(65), 7])
      expect(problems({ canaries: [canary({ name })] })).toEqual([
        `traffic.canaries[0].name: found ${show(name)}; write 1 to 64 letters, digits, '-', '_' or '.'`,
      ]);
    for (const cookie of ["", "a b", "a.b", "a".repeat(65), 7])
      expect(problems({ canaries: [canary({ cookie })] })).toEqual([
        `traffic.canaries[0].cookie: found ${show(cookie)}; write the name of a cookie: 1 to 64 letters, digits, '-' and '_'`,
      ]);
    for (const percent of [-1, 100.1, "5", null])
      expect(problems({ canaries: [canary({ percent })] })).toEqual([
        `traffic.canaries[0].percent: found ${show(percent)}; write a share from 0 to 100 (%)`,
      ]);
    expect(problems({ canaries: [canary({ header: "a b" })] })[0]).toContain("traffic.canaries[0].header");
    expect(problems({ canaries: [{ name: "v2" }] })[0]).toContain("traffic.canaries[0].upstream: found nothing");
    expect(problems({ canaries: [canary({ weight: 1 })] })[0]).toContain("traffic.canaries[0].weight: found 1; remove it");
  });

  it("are at most 16, of 100 percent together", () => {
    const list = (count: number, percent: number) => ({
      canaries: Array.from({ length: count }, (_, index) => canary({ name: `v${index}`, percent })),
    });
    expect(problems(list(16, 6.25))).toEqual([]);
    expect(problems(list(2, 51))).toEqual(["traffic.canaries: found 102; make the percents at most 100 together"]);
    const words = 'write a list of at most 16: [{ name: "v2", upstream: ..., percent: 5 }]';
    expect(problems(list(17, 1))[0]).toMatch(/^traffic\.canaries: found .*write a list of at most 16/);
    expect(problems({ canaries: "v2" })).toEqual([`traffic.canaries: found "v2"; ${words}`]);
  });

  it("stick to what every call brings", () => {
    expect(accepted(parser, { stickOn: { header: "x-user" } })?.stickOn).toEqual([{ header: "x-user" }]);
    const words = "write what every call brings: no field of a message, and no cookie that is still to be made";
    for (const stickOn of [{ field: "a" }, { cookie: "a", ttlSeconds: 1 }])
      expect(problems({ stickOn })).toEqual([`traffic.stickOn: found ${show(stickOn)}; ${words}`]);
  });

  it("may be a mirror, of all calls or a share", () => {
    expect(accepted(parser, { mirror: { upstream: UPSTREAM } })?.mirror?.percent).toBe(100);
    expect(accepted(parser, { mirror: { upstream: UPSTREAM, percent: 0 } })?.mirror?.percent).toBe(0);
    expect(problems({ mirror: { upstream: UPSTREAM, percent: 101 } })).toEqual([
      "traffic.mirror.percent: found 101; write a share from 0 to 100 (%)",
    ]);
    expect(problems({ mirror: {} })[0]).toContain("traffic.mirror.upstream");
    expect(problems({ mirror: { upstream: UPSTREAM, share: 1 } })[0]).toContain("traffic.mirror.share: found 1; remove it");
  });
});
