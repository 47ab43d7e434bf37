// Whose word on criticality is taken, and what an operator may write of overload.
import { describe, expect, it } from "vitest";
import { parsePolicy } from "../../../core/config/gateway.ts";
import { CRITICALITY_HEADER } from "../../../core/headers.ts";
import { isTrusted, parseRank, rankOf } from "../../../core/overload/criticality.ts";

const promised = new Map([["a.v1.A", ["Get", "Put"]]]);
const upstream = { binding: "A" };
const parse = (top: object, service: object = {}) => parsePolicy({ ...top, services: { "a.v1.A": { upstream, ...service } } }, promised);

describe("criticality", () => {
  it("is said in a header that callers write", () => {
    expect(CRITICALITY_HEADER).toBe("tidegate-criticality");
  });

  it("is one of four words", () => {
    expect(["sheddable", "sheddable_plus", "critical", "critical_plus", "CRITICAL", "", null].map(parseRank)).toEqual([
      0,
      1,
      2,
      3,
      undefined,
      undefined,
      undefined,
    ]);
    expect(rankOf("critical")).toBe(2);
  });

  it("is taken from nobody, from those listed, or from everybody who is named", () => {
    const names = new Set(["batch"]);
    const trusts = [{ kind: "none" }, { kind: "listed", names }, { kind: "principals" }] as const;
    expect(trusts.map((trust) => ["batch", "eve", "", null].map((name) => isTrusted(trust, name)))).toEqual([
      [false, false, false, false],
      [true, false, false, false],
      [true, true, false, false],
    ]);
  });
});

describe("what an operator may write of overload", () => {
  it("has defaults: 10 000 calls in an isolate, an adaptive limit for each route, nobody trusted", () => {
    const parsed = parse({});
    if (parsed.kind !== "ok") throw new Error(JSON.stringify(parsed.problems));
    expect(parsed.policy.overload).toMatchObject({
      isolate: { mode: "enforce", max: 10_000, floor: undefined },
      trust: { kind: "none" },
    });
    const service = parsed.policy.services.get("a.v1.A")!;
    expect(service.methods.get("Get")).toMatchObject({ criticality: 2, concurrency: { mode: "enforce", max: 10_000, floor: 100 } });
    expect(service.throttle).toEqual({ mode: "enforce", honor: "enforce", factor: 2, minCalls: 50 });
  });

  it("is taken from the method, else the service, else the defaults", () => {
    const service = {
      criticality: "sheddable",
      methods: { Put: { criticality: "critical_plus", concurrency: { max: 5, adaptive: false } } },
    };
    const parsed = parse({ defaults: { concurrency: { floor: 50 } } }, service);
    if (parsed.kind !== "ok") throw new Error(JSON.stringify(parsed.problems));
    const { methods } = parsed.policy.services.get("a.v1.A")!;
    expect(methods.get("Get")).toMatchObject({ criticality: 0, concurrency: { floor: 50 } });
    expect(methods.get("Put")).toMatchObject({ criticality: 3, concurrency: { max: 5, floor: undefined } });
  });

  it.each([
    [{ overload: { maxInFlight: 0 } }, {}, "overload.maxInFlight"],
    [{ overload: { trusted: ["batch"] } }, {}, "overload.trusted"], // nobody is named
    [{ principalHeader: "x-who", overload: { trusted: "all" } }, {}, "overload.trusted"],
    [{ overload: { mode: "on" } }, {}, "overload.mode"],
    [{}, { criticality: "vital" }, 'services["a.v1.A"].criticality'],
    [{}, { concurrency: { max: 10, floor: 20 } }, 'services["a.v1.A"].concurrency.floor'],
    [{}, { throttle: { belowPercent: 99 } }, 'services["a.v1.A"].throttle.belowPercent'],
  ])("is refused with its path: %j %j", (top, service, path) => {
    const parsed = parse(top, service);
    expect(parsed.kind === "invalid" && parsed.problems.map((problem) => problem.path)).toEqual([path]);
  });
});
