// The endpoint list of one service under single changes, and under any sequence of them.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  drain,
  expiredIds,
  liveEndpoints,
  MAX_ENDPOINTS,
  NO_ENDPOINTS,
  type Registration,
  type RegistryStep,
  register,
  remove,
  renew,
  type ServiceEndpoints,
  setHealth,
} from "../../../core/registry/registry.ts";

const wanted = (id: string, url = `https://${id}.example`): Registration => ({
  id,
  url,
  weight: 1,
  priority: 0,
  zone: "",
  metadata: {},
  leaseMs: 1_000,
});
const next = (step: RegistryStep): ServiceEndpoints => {
  if (step.kind === "refused") throw new Error(step.message);
  return step.list;
};
describe("an endpoint list", () => {
  it("gets a new version for a new endpoint, and keeps it if nothing changes", () => {
    const first = register(NO_ENDPOINTS, wanted("a"), 0, 0);
    expect(first).toMatchObject({ kind: "changed", action: "registered", endpoint: { revision: 1, expiresAt: 1_000 } });
    const again = register(next(first), wanted("a"), 0, 500);
    expect(again).toMatchObject({ kind: "renewed", endpoint: { revision: 1, expiresAt: 1_500 } });
    expect(next(again).version).toBe(1);
  });

  it("compares the revision before it sets", () => {
    const list = next(register(NO_ENDPOINTS, wanted("a"), -1, 0));
    expect(register(list, wanted("a"), -1, 1)).toMatchObject({ kind: "refused", problem: "exists" });
    expect(register(list, { ...wanted("a"), weight: 2 }, 7, 1)).toMatchObject({ kind: "refused", problem: "moved" });
    expect(register(list, { ...wanted("a"), weight: 2 }, 1, 1)).toMatchObject({
      kind: "changed",
      action: "changed",
      endpoint: { revision: 2 },
    });
  });

  it("refuses a registered id from another URL until its lease has ended", () => {
    const list = next(register(NO_ENDPOINTS, wanted("a"), 0, 0));
    expect(register(list, wanted("a", "https://other.example"), 0, 999)).toMatchObject({ kind: "refused", problem: "exists" });
    expect(register(list, wanted("a", "https://next.example"), 0, 1_000)).toMatchObject({ kind: "changed" });
  });

  it("renews no lease that has ended, also before the endpoint is removed", () => {
    const list = next(register(NO_ENDPOINTS, wanted("a"), 0, 0));
    expect(renew(list, "a", 999).kind).toBe("renewed");
    expect(renew(list, "a", 1_000)).toMatchObject({ kind: "refused", problem: "not_found" });
    expect(liveEndpoints(list, 1_000)).toEqual([]);
    expect(expiredIds(list, 1_000)).toEqual(["a"]);
  });

  it("has at most 1,000 endpoints", () => {
    let list = NO_ENDPOINTS;
    for (let n = 0; n < MAX_ENDPOINTS; n++) list = next(register(list, wanted(`e${n}`), 0, 0));
    expect(register(list, wanted("more"), 0, 0)).toMatchObject({ kind: "refused", problem: "full" });
    expect(register(list, { ...wanted("e0"), weight: 3 }, 0, 0).kind).toBe("changed");
  });

  it("has versions that grow by one with each change, and only then", () => {
    const id = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.record({
        do: fc.constant("register" as const),
        id,
        weight: fc.integer({ min: 1, max: 3 }),
        expected: fc.constantFrom(-1, 0, 1, 2, 3),
      }),
      fc.record({
        do: fc.constantFrom(
          "renew" as const,
          "drain" as const,
          "leave" as const,
          "healthy" as const,
          "unhealthy" as const,
          "wait" as const,
        ),
        id,
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let list = NO_ENDPOINTS;
        let now = 0;
        for (const one of steps) {
          if (one.do === "wait") now += 400;
          const result =
            one.do === "register"
              ? register(list, { ...wanted(one.id), weight: one.weight }, one.expected, now)
              : one.do === "renew"
                ? renew(list, one.id, now)
                : one.do === "drain"
                  ? drain(list, one.id, now)
                  : one.do === "leave"
                    ? remove(list, one.id, "deregistered")
                    : one.do === "wait"
                      ? undefined
                      : setHealth(list, one.id, one.do === "healthy", now);
          if (result === undefined || result.kind === "refused") continue;
          expect(result.list.version).toBe(list.version + (result.kind === "changed" ? 1 : 0));
          for (const { revision } of result.list.endpoints.values()) expect(revision).toBeLessThanOrEqual(result.list.version);
          list = result.list;
        }
      }),
    );
  });
});

it("does not list a removed endpoint", () => {
  const list = next(register(next(register(NO_ENDPOINTS, wanted("a"), 0, 0)), wanted("b"), 0, 0));
  const left = next(remove(list, "a", "deregistered"));
  expect(liveEndpoints(left, 0).map(({ id }) => id)).toEqual(["b"]);
  expect(liveEndpoints(list, 0)).toHaveLength(2); // the list before is unchanged
  expect(remove(left, "a", "expired")).toMatchObject({ kind: "refused", problem: "not_found" });
});

it("drains a registered endpoint and sets its health, each once", () => {
  const list = next(register(NO_ENDPOINTS, wanted("a"), 0, 0));
  const drained = drain(list, "a", 0);
  expect(drained).toMatchObject({ kind: "changed", action: "draining", endpoint: { isDraining: true, revision: 2 } });
  expect(drain(next(drained), "a", 0)).toMatchObject({ kind: "renewed", list: { version: 2 } });
  const unhealthy = setHealth(list, "a", false, 0);
  expect(unhealthy).toMatchObject({ kind: "changed", action: "unhealthy", endpoint: { isHealthy: false } });
  expect(setHealth(next(unhealthy), "a", false, 0).kind).toBe("renewed");
  expect(setHealth(next(unhealthy), "a", true, 0)).toMatchObject({ kind: "changed", action: "healthy" });
  for (const step of [drain(list, "b", 0), setHealth(list, "b", true, 0), renew(list, "b", 0), remove(list, "b", "expired")])
    expect(step).toMatchObject({ kind: "refused", problem: "not_found" });
  for (const step of [drain(list, "a", 1_000), setHealth(list, "a", false, 1_000), renew(list, "a", 1_000)])
    expect(step.kind).toBe("refused");
});

it("refuses with a reason and the revision of the endpoint", () => {
  const list = next(register(NO_ENDPOINTS, wanted("a"), 0, 0));
  const refusal = (step: RegistryStep) => (step.kind === "refused" ? [step.problem, step.message] : step.kind);
  expect(refusal(register(list, wanted("a"), -1, 0))).toEqual(["exists", "a is already registered, at revision 1"]);
  expect(refusal(register(list, wanted("a"), 7, 0))).toEqual(["moved", "a is at revision 1, not 7; read it and try again"]);
  expect(refusal(register(list, wanted("b"), 7, 0))).toEqual(["moved", "b is at revision 0, not 7; read it and try again"]);
  expect(refusal(register(list, wanted("a", "https://b.example"), 0, 0))).toEqual([
    "exists",
    "a is registered at another URL; deregister it, or send its revision (1) as expected_revision",
  ]);
  expect(refusal(register(list, wanted("a", "https://b.example"), 1, 0))).toBe("changed");
  expect(refusal(renew(list, "b", 0))).toEqual(["not_found", "b is not registered, or its lease has ended; register it"]);
  for (const step of [drain(list, "b", 0), setHealth(list, "b", true, 0), remove(list, "b", "expired")])
    expect(refusal(step)).toEqual(["not_found", "b is not registered"]);
});

it("makes a new version for each field that changes, and for a drained endpoint that registers again", () => {
  const first = { ...wanted("a"), metadata: { x: "1", y: "2" } };
  const list = next(register(NO_ENDPOINTS, first, 0, 0));
  expect(register(list, { ...first, metadata: { y: "2", x: "1" } }, 0, 0).kind).toBe("renewed");
  for (const more of [{ weight: 2 }, { priority: 1 }, { zone: "z" }, { metadata: { x: "1" } }, { leaseMs: 2_000 }])
    expect(register(list, { ...first, ...more }, 0, 0)).toMatchObject({ kind: "changed", action: "changed", endpoint: more });
  const drained = next(drain(next(setHealth(list, "a", false, 0)), "a", 0));
  expect(register(drained, first, 0, 5)).toMatchObject({
    kind: "changed",
    action: "changed",
    endpoint: { isDraining: false, isHealthy: false, revision: 4, expiresAt: 1_005 },
  });
  expect(remove(list, "a", "expired")).toMatchObject({ kind: "changed", action: "expired", endpoint: { revision: 2 } });
  expect([expiredIds(list, 999), liveEndpoints(list, 999).length]).toEqual([[], 1]);
});
