// Nonces of signatures: what happens when the log of all isolates does not respond.
import { describe, expect, it, vi } from "vitest";
import { Nonces } from "../../../../../workers/gateway/auth/signature/nonces.ts";

const logs = (use: () => Promise<unknown>) => {
  const names: string[] = [];
  const getByName = (name: string) => {
    names.push(name);
    return { use };
  };
  return { names, namespace: { getByName } as never };
};

describe("nonces", () => {
  it("are remembered in the isolate, where no log is called", () => {
    const { names, namespace } = logs(() => Promise.reject(new Error("not called")));
    const nonces = new Nonces("isolate", namespace);
    expect([nonces.needsNonce, nonces.use("a", 10, 0), nonces.use("a", 10, 5), nonces.use("a", 20, 10)]).toEqual([
      ...[false, "first", "repeated", "first"],
    ]);
    expect(names).toEqual([]);
  });

  it.each(["first", "repeated"] as const)("are %s where the log says so; one that the isolate knows is not sent", async (decision) => {
    const { names, namespace } = logs(() => Promise.resolve({ decision, later: 1 }));
    const nonces = new Nonces("strict", namespace);
    expect([nonces.needsNonce, await nonces.use("a", 10, 0), await nonces.use("a", 10, 0)]).toEqual([true, decision, "repeated"]);
    expect(names).toHaveLength(1);
    expect(names[0]).toMatch(/^nonces-([0-9]|1[0-5])$/);
  });

  it.each([
    ["full", () => Promise.resolve({ decision: "full" })],
    ["of another version", () => Promise.resolve({ decision: "postponed" })],
    ["failing", () => Promise.reject(new Error("overloaded"))],
  ])("cannot be decided where the log is %s", async (_, use) => {
    expect(await new Nonces("strict", logs(use).namespace).use("a", 10, 0)).toBe("unavailable");
  });

  it("cannot be decided where the log is silent for 2 s", async () => {
    vi.useFakeTimers();
    try {
      const decided = new Nonces("strict", logs(() => new Promise(() => undefined)).namespace).use("a", 10, 0);
      await vi.advanceTimersByTimeAsync(1_999);
      expect(await Promise.race([decided, "waiting"])).toBe("waiting");
      await vi.advanceTimersByTimeAsync(1);
      expect(await decided).toBe("unavailable");
    } finally {
      vi.useRealTimers();
    }
  });
});
