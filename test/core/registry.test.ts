// Who may register, and what becomes of a list of endpoints under any sequence of changes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  drain,
  expiredIds,
  isPrivate,
  liveEndpoints,
  MAX_ENDPOINTS,
  NO_ENDPOINTS,
  parseRegistration,
  type Registration,
  type RegistryStep,
  register,
  remove,
  renew,
  type ServiceEndpoints,
  setHealth,
} from "../../core/registry.ts";

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
  return step.members;
};
const admission = {
  allowPrivate: false,
  ownHosts: ["gateway.example"],
  hostOf: (url: string) => URL.parse(url) ?? undefined,
};

describe("a list of endpoints", () => {
  it("takes a new one, and keeps its version where nothing changes", () => {
    const first = register(NO_ENDPOINTS, wanted("a"), 0, 0);
    expect(first).toMatchObject({ kind: "changed", action: "registered", endpoint: { revision: 1, expiresAt: 1_000 } });
    const again = register(next(first), wanted("a"), 0, 500);
    expect(again).toMatchObject({ kind: "kept", endpoint: { revision: 1, expiresAt: 1_500 } });
    expect(next(again).version).toBe(1);
  });

  it("compares and sets", () => {
    const members = next(register(NO_ENDPOINTS, wanted("a"), -1, 0));
    expect(register(members, wanted("a"), -1, 1)).toMatchObject({ kind: "refused", problem: "exists" });
    expect(register(members, { ...wanted("a"), weight: 2 }, 7, 1)).toMatchObject({ kind: "refused", problem: "moved" });
    expect(register(members, { ...wanted("a"), weight: 2 }, 1, 1)).toMatchObject({
      kind: "changed",
      action: "changed",
      endpoint: { revision: 2 },
    });
  });

  it("lets nobody take an id from another address, until its lease has ended", () => {
    const members = next(register(NO_ENDPOINTS, wanted("a"), 0, 0));
    expect(register(members, wanted("a", "https://thief.example"), 0, 999)).toMatchObject({ kind: "refused", problem: "exists" });
    expect(register(members, wanted("a", "https://heir.example"), 0, 1_000)).toMatchObject({ kind: "changed" });
  });

  it("renews no lease that has ended, whether or not it has been taken out", () => {
    const members = next(register(NO_ENDPOINTS, wanted("a"), 0, 0));
    expect(renew(members, "a", 999).kind).toBe("kept");
    expect(renew(members, "a", 1_000)).toMatchObject({ kind: "refused", problem: "not_found" });
    expect(liveEndpoints(members, 1_000)).toEqual([]);
    expect(expiredIds(members, 1_000)).toEqual(["a"]);
  });

  it("is bounded", () => {
    let members = NO_ENDPOINTS;
    for (let n = 0; n < MAX_ENDPOINTS; n++) members = next(register(members, wanted(`e${n}`), 0, 0));
    expect(register(members, wanted("more"), 0, 0)).toMatchObject({ kind: "refused", problem: "full" });
    expect(register(members, { ...wanted("e0"), weight: 3 }, 0, 0).kind).toBe("changed");
  });

  it("has versions that grow by one with each change and never else, whatever happens", () => {
    const id = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.record({
        do: fc.constant("register" as const),
        id,
        weight: fc.integer({ min: 1, max: 3 }),
        expected: fc.constantFrom(-1, 0, 1, 2, 3),
      }),
      fc.record({
        do: fc.constantFrom("renew" as const, "drain" as const, "leave" as const, "well" as const, "ill" as const, "wait" as const),
        id,
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let members = NO_ENDPOINTS;
        let now = 0;
        for (const one of steps) {
          if (one.do === "wait") now += 400;
          const result =
            one.do === "register"
              ? register(members, { ...wanted(one.id), weight: one.weight }, one.expected, now)
              : one.do === "renew"
                ? renew(members, one.id, now)
                : one.do === "drain"
                  ? drain(members, one.id, now)
                  : one.do === "leave"
                    ? remove(members, one.id, "deregistered")
                    : one.do === "wait"
                      ? undefined
                      : setHealth(members, one.id, one.do === "well", now);
          if (result === undefined || result.kind === "refused") continue;
          expect(result.members.version).toBe(members.version + (result.kind === "changed" ? 1 : 0));
          for (const { revision } of result.members.endpoints.values()) expect(revision).toBeLessThanOrEqual(result.members.version);
          members = result.members;
        }
      }),
    );
  });
});

describe("what may be registered", () => {
  const problems = (input: object): string => {
    const result = parseRegistration({ id: "a", url: "https://a.example", ...input }, admission);
    return Array.isArray(result) ? result.join("; ") : "none";
  };

  it.each([
    [{}, "none"],
    [{ url: "http://203.0.113.9:9000/base/" }, "none"],
    [{ url: "http://127.0.0.1" }, "private"],
    [{ url: "http://0x7f.1" }, "private"],
    [{ url: "http://[::ffff:10.0.0.1]:80" }, "private"],
    [{ url: "http://169.254.169.254/latest" }, "private"],
    [{ url: "http://localhost:1" }, "private"],
    [{ url: "http://metadata.google.internal" }, "private"],
    [{ url: "https://gateway.example" }, "the gateway itself"],
    [{ url: "https://user:secret@a.example" }, "write http"],
    [{ url: "ftp://a.example" }, "write http"],
    [{ url: `https://a.example/${"x".repeat(3_000)}` }, "write http"],
    [{ id: "a b" }, "id:"],
    [{ weight: 1_001 }, "weight:"],
    [{ weight: -1 }, "weight:"],
    [{ priority: 16 }, "priority:"],
    [{ leaseMs: 10 }, "lease_ms:"],
    [{ metadata: { a: "x".repeat(300) } }, "metadata:"],
  ])("%j: %s", (input, told) => expect(problems(input)).toContain(told));

  it("is told all at once", () => expect(problems({ id: "", weight: 5_000, url: "x" }).split("; ")).toHaveLength(3));

  it("may be private where the operator says so", () => {
    expect(parseRegistration({ id: "a", url: "http://127.0.0.1:9000" }, { ...admission, allowPrivate: true })).toMatchObject({
      weight: 1,
      leaseMs: 15_000,
    });
  });

  it.each(["8.8.8.8", "example.com", "2606:4700::1111", "[2606:4700::1111]"])("%s is public", (host) =>
    expect(isPrivate(host)).toBe(false),
  );
});

it("lists no endpoint that was removed", () => {
  const members = next(register(next(register(NO_ENDPOINTS, wanted("a"), 0, 0)), wanted("b"), 0, 0));
  const left = next(remove(members, "a", "deregistered"));
  expect(liveEndpoints(left, 0).map(({ id }) => id)).toEqual(["b"]);
  expect(liveEndpoints(members, 0)).toHaveLength(2); // the list before is left as it was
  expect(remove(left, "a", "expired")).toMatchObject({ kind: "refused", problem: "not_found" });
});

it("drains and marks an endpoint once, and no other than a registered one", () => {
  const members = next(register(NO_ENDPOINTS, wanted("a"), 0, 0));
  const drained = drain(members, "a", 0);
  expect(drained).toMatchObject({ kind: "changed", action: "draining", endpoint: { isDraining: true, revision: 2 } });
  expect(drain(next(drained), "a", 0)).toMatchObject({ kind: "kept", members: { version: 2 } });
  const sick = setHealth(members, "a", false, 0);
  expect(sick).toMatchObject({ kind: "changed", action: "unhealthy", endpoint: { isHealthy: false } });
  expect(setHealth(next(sick), "a", false, 0).kind).toBe("kept");
  expect(setHealth(next(sick), "a", true, 0)).toMatchObject({ kind: "changed", action: "healthy" });
  for (const step of [drain(members, "b", 0), setHealth(members, "b", true, 0), renew(members, "b", 0), remove(members, "b", "expired")])
    expect(step).toMatchObject({ kind: "refused", problem: "not_found" });
  for (const step of [drain(members, "a", 1_000), setHealth(members, "a", false, 1_000), renew(members, "a", 1_000)])
    expect(step.kind).toBe("refused");
});

it("says why it refuses, with the revision that the endpoint stands at", () => {
  const members = next(register(NO_ENDPOINTS, wanted("a"), 0, 0));
  const refusal = (step: RegistryStep) => (step.kind === "refused" ? [step.problem, step.message] : step.kind);
  expect(refusal(register(members, wanted("a"), -1, 0))).toEqual(["exists", "a is registered, at revision 1"]);
  expect(refusal(register(members, wanted("a"), 7, 0))).toEqual(["moved", "a stands at revision 1, not 7"]);
  expect(refusal(register(members, wanted("b"), 7, 0))).toEqual(["moved", "b stands at revision 0, not 7"]);
  expect(refusal(register(members, wanted("a", "https://b.example"), 0, 0))).toEqual([
    "exists",
    "a is registered at another address; deregister it, or name its revision (1)",
  ]);
  expect(refusal(register(members, wanted("a", "https://b.example"), 1, 0))).toBe("changed");
  expect(refusal(renew(members, "b", 0))).toEqual(["not_found", "b is not registered, or its lease has ended: register it"]);
  for (const step of [drain(members, "b", 0), setHealth(members, "b", true, 0), remove(members, "b", "expired")])
    expect(refusal(step)).toEqual(["not_found", "b is not registered"]);
});

it("makes a version of each fact that changes, of a drained endpoint that comes back, and of none else", () => {
  const first = { ...wanted("a"), metadata: { x: "1", y: "2" } };
  const members = next(register(NO_ENDPOINTS, first, 0, 0));
  expect(register(members, { ...first, metadata: { y: "2", x: "1" } }, 0, 0).kind).toBe("kept");
  for (const more of [{ weight: 2 }, { priority: 1 }, { zone: "z" }, { metadata: { x: "1" } }, { leaseMs: 2_000 }])
    expect(register(members, { ...first, ...more }, 0, 0)).toMatchObject({ kind: "changed", action: "changed", endpoint: more });
  const drained = next(drain(next(setHealth(members, "a", false, 0)), "a", 0));
  expect(register(drained, first, 0, 5)).toMatchObject({
    kind: "changed",
    action: "changed",
    endpoint: { isDraining: false, isHealthy: false, revision: 4, expiresAt: 1_005 },
  });
  expect(remove(members, "a", "expired")).toMatchObject({ kind: "changed", action: "expired", endpoint: { revision: 2 } });
  expect([expiredIds(members, 999), liveEndpoints(members, 999).length]).toEqual([[], 1]);
});

it("lets endpoints of native gRPC be at https and port 443 alone", () => {
  const native = (url: string) => parseRegistration({ id: "a", url }, { ...admission, isNativeGrpc: true });
  expect(native("https://a.example")).toMatchObject({ url: "https://a.example" });
  for (const url of ["http://a.example", "https://a.example:8443"])
    expect(native(url)).toEqual(["url: write https:// and port 443, the service is called in native gRPC"]);
});
