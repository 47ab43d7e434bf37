// The settings of overload protection in a whole configuration: defaults, and which level of the configuration decides.
import { describe, expect, it } from "vitest";
import { parsePolicy } from "../../core/config/gateway.ts";
import { AUTH } from "../support/callers.ts";

const methods = new Map([["a.v1.A", ["Get", "Put"]]]);
const upstream = { binding: "A" };
const parse = (top: object, service: object = {}) => parsePolicy({ ...top, services: { "a.v1.A": { upstream, ...service } } }, methods);

describe("overload protection", () => {
  it("has defaults: 10,000 calls in an isolate, an adaptive limit for each route, no trusted caller", () => {
    const parsed = parse({});
    if (parsed.kind !== "ok") throw new Error(JSON.stringify(parsed.problems));
    expect(parsed.policy.overload).toMatchObject({
      isolate: { mode: "enforce", max: 10_000, floor: undefined },
      trust: { kind: "none" },
    });
    const service = parsed.policy.services.get("a.v1.A")!;
    expect(service.methods.get("Get")).toMatchObject({ criticality: 2, concurrency: { mode: "enforce", max: 10_000, floor: 100 } });
    expect(service.throttle).toEqual({ mode: "enforce", percent: 100, honor: "enforce", factor: 2, minCalls: 50 });
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
    [{ overload: { trusted: ["batch"] } }, {}, "overload.trusted"], // no header names the caller
    [{ auth: AUTH, overload: { trusted: "all" } }, {}, "overload.trusted"],
    [{ overload: { mode: "on" } }, {}, "overload.mode"],
    [{}, { criticality: "vital" }, 'services["a.v1.A"].criticality'],
    [{}, { concurrency: { max: 10, floor: 20 } }, 'services["a.v1.A"].concurrency.floor'],
    [{}, { throttle: { belowPercent: 99 } }, 'services["a.v1.A"].throttle.belowPercent'],
  ])("reports the path of a mistake: %j %j", (top, service, path) => {
    const parsed = parse(top, service);
    expect(parsed.kind === "invalid" && parsed.problems.map((problem) => problem.path)).toEqual([path]);
  });
});
