// Blocks of settings that a version has as the one before: parsed as they were, and never where anything that they depend on has changed.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GatewayInput, parsePolicy } from "../../../core/config/gateway.ts";
import { ParsedBlocks } from "../../../core/config/parsed-blocks.ts";
import { sameSettings } from "../../../core/config/same-settings.ts";

const DECLARED = new Map([
  ["a.v1.A", ["Get", "List", "Put"]],
  ["b.v1.B", ["Get", "Watch"]],
]);
const RUNS = { seed: 20, numRuns: 300, interruptAfterTimeLimit: 60_000 }; // all of them: fewer would not find what they have to

const limit = fc.record({
  key: fc.constantFrom("ip", "caller", { header: "x-key" }),
  capacity: fc.constantFrom(10, 20),
  rate: fc.constant(10),
  enforcement: fc.constantFrom({ mode: "off" }, { mode: "report" }, { mode: "enforce" }),
});
const limits = fc.subarray(["first", "second"]);
const route = fc.record(
  {
    readTimeoutMs: fc.constantFrom(1_000, 2_000),
    rateLimits: limits,
    cost: fc.constantFrom(1, 15),
    auth: fc.constantFrom("off", "required"),
    cache: fc.constantFrom(false, true, { ttlMs: 1_000 }),
    hedging: fc.constantFrom(false, { percent: 5 }),
    requestHeaders: fc.constantFrom({ set: { "x-a": "1" } }, { set: { "x-a": "2" } }),
  },
  { requiredKeys: [] },
);
const method = fc.oneof(route, fc.record({ idempotency: fc.constantFrom("idempotent", "no_side_effects") }));
const service = fc
  .record({ methods: fc.dictionary(fc.constantFrom("Get", "Other"), method, { maxKeys: 2 }), route, binding: fc.constantFrom("A", "B") })
  .map(({ methods, route: own, binding }) => ({ ...own, upstream: { binding }, methods }));
const configuration = fc.record({
  auth: fc.constantFrom(undefined, { certificates: true }),
  defaults: route,
  rateLimits: fc.record({ first: limit, second: limit }, { requiredKeys: ["first"] }),
  services: fc.record({ "a.v1.A": service, "b.v1.B": service }, { requiredKeys: ["a.v1.A"] }),
  httpRoutes: fc.dictionary(
    fc.constantFrom("/x/", "/y/"),
    fc.record({ upstream: fc.constant({ binding: "A" }), readTimeoutMs: fc.constantFrom(1_000, 2_000), rateLimits: limits }),
  ),
});
/** Versions that differ in one of their blocks. */
const versions = fc
  .tuple(configuration, configuration, fc.constantFrom("auth", "defaults", "rateLimits", "services", "httpRoutes"))
  .map(([one, other, changed]) => [one, { ...one, [changed]: other[changed as keyof typeof one] }] as unknown as GatewayInput[]);

/** Parses the second version after the first one. @throws where the outcome differs from that without a version before */
function expectAsAlone(same = sameSettings): void {
  const check = fc.property(versions, ([one, other]) => {
    const blocks = new ParsedBlocks(same);
    parsePolicy(one, DECLARED, undefined, blocks);
    expect(parsePolicy(other, DECLARED, undefined, blocks)).toEqual(parsePolicy(other, DECLARED));
  });
  fc.assert(check, RUNS);
}

describe("a version after another one", () => {
  it("is parsed as if there had been none", () => expectAsAlone());

  const isRule = (value: unknown): boolean => typeof value === "object" && value !== null && "ceiling" in value;
  it.each<[string, typeof sameSettings]>([
    ["what is written", (one, other) => Array.isArray(one) === false || sameSettings(one, other)],
    ["the settings around", (one, other) => Array.isArray(one) || sameSettings(one, other)],
    ["a rule", (one, other) => (isRule(one) && isRule(other)) || sameSettings(one, other)],
  ])("is not, by a comparison that overlooks %s", (_, same) => {
    expect(() => expectAsAlone(same)).toThrow(/Property failed/);
  });

  it("shares the blocks that say the same, however they were written, and no others", () => {
    const blocks = new ParsedBlocks();
    const input = (ms: number): unknown => ({
      defaults: { readTimeoutMs: 5_000 },
      rateLimits: { first: { capacity: 10, rate: 10 } },
      services: {
        "a.v1.A": { upstream: { binding: "A" }, methods: { Get: { readTimeoutMs: ms }, List: { rateLimits: ["first"] } } },
        "b.v1.B": { upstream: { binding: "B" } },
      },
      httpRoutes: { "/x/": { upstream: { binding: "A" } } },
    });
    const parse = (ms: number) => {
      const parsed = parsePolicy(input(ms), DECLARED, undefined, blocks);
      if (parsed.kind === "invalid") throw new Error("the test needs valid settings");
      return parsed.policy;
    };
    const [one, two] = [parse(1_000), parse(2_000)];
    const [a, b] = [one.services.get("a.v1.A")!, two.services.get("a.v1.A")!];
    expect([one.defaults === two.defaults, one.services.get("b.v1.B") === two.services.get("b.v1.B")]).toEqual([true, true]);
    expect(one.httpRoutes.get("/x/")).toBe(two.httpRoutes.get("/x/"));
    expect([a === b, a.methods.get("Get") === b.methods.get("Get"), a.methods.get("List") === b.methods.get("List")]).toEqual([
      false,
      false,
      true,
    ]);
    // A version with a problem changes nothing of what is remembered.
    expect(parsePolicy({ services: { "a.v1.A": {} } }, DECLARED, undefined, blocks).kind).toBe("invalid");
    expect(parse(2_000).services.get("a.v1.A")).toBe(b);
  });
});
