// Single flight: one call makes the fetch, the others wait, and none waits for ever.
import { describe, expect, it, vi } from "vitest";
import { Rejected } from "../../../../../core/rejection.ts";
import { errorOf, type JoinLimits, MAX_FLIGHTS, SingleFlight } from "../../../../../workers/gateway/cache/fetch/single-flight.ts";

const flights = () => new SingleFlight<string>((work) => void work.catch(() => undefined));
const limits = (more: Partial<JoinLimits> = {}): JoinLimits => ({
  maxFollowers: 10,
  deadlineAt: Date.now() + 10_000,
  leaderTimeoutMs: 10_000,
  ...more,
});
const never = (): Promise<string> => new Promise(() => undefined);

describe("a single flight", () => {
  it("runs once, and its value is for all calls", async () => {
    const all = flights();
    let leads = 0;
    const lead = async (): Promise<string> => {
      leads += 1;
      await scheduler.wait(5);
      return "value";
    };
    const joined = await Promise.all(Array.from({ length: 5 }, () => all.join("a", limits(), lead)));
    expect(joined.map((one) => one.kind === "done" && one.value)).toEqual(Array(5).fill("value"));
    expect(leads).toBe(1);
    await vi.waitUntil(() => all.size === 0, { timeout: 60_000 });
  });

  it("gets another leader where its leader is lost", async () => {
    const all = flights();
    const lost = all.join("a", limits({ deadlineAt: Date.now() + 20 }), never);
    const second = await all.join("a", limits({ leaderTimeoutMs: 60 }), () => Promise.resolve("second"));
    expect(second).toMatchObject({ kind: "done", value: "second" });
    expect(await lost).toEqual({ kind: "late" });
  });

  it("does not block later calls with earlier deadlines where its leader is lost", async () => {
    const all = flights();
    const leaderTimeoutMs = 60;
    void all.join("a", limits({ deadlineAt: Date.now() + 20 }), never);
    const late = await all.join("a", limits({ deadlineAt: Date.now() + 20, leaderTimeoutMs }), never);
    expect(late).toEqual({ kind: "late" });
    await scheduler.wait(leaderTimeoutMs);
    const next = await all.join("a", limits({ deadlineAt: Date.now() + 1_000, leaderTimeoutMs }), () => Promise.resolve("next"));
    expect(next).toMatchObject({ kind: "done", value: "next" });
  });

  it("gets one new leader, not several, when waiting calls give up on a leader", async () => {
    const all = flights();
    let leads = 0;
    void all.join("a", limits({ deadlineAt: Date.now() + 10 }), never);
    const lead = async (): Promise<string> => {
      leads += 1;
      await scheduler.wait(20);
      return "second";
    };
    const joined = await Promise.all(Array.from({ length: 10 }, () => all.join("a", limits({ leaderTimeoutMs: 500 }), lead)));
    expect(joined.every((one) => one.kind === "done" && one.value === "second")).toBe(true);
    expect(leads).toBe(1);
  });

  it("fails for all calls, as plain data", async () => {
    const all = flights();
    const rejection = { kind: "upstream_unreachable", upstream: "u", wasSent: false } as const;
    const [refused] = await Promise.all([all.join("a", limits(), () => Promise.reject(new Rejected(rejection)))]);
    expect(refused).toEqual({ kind: "failed", failure: { rejection } });
    expect(errorOf({ rejection })).toEqual(new Rejected(rejection));
    const broken = await all.join("b", limits(), () => Promise.reject(new Error("a bug of the gateway")));
    expect(broken.kind === "failed" && errorOf(broken.failure).message).toContain("a bug of the gateway");
  });

  it("accepts as many waiting calls as allowed", async () => {
    const all = flights();
    const { promise, resolve } = Promise.withResolvers<string>();
    const first = all.join("a", limits(), () => promise);
    const second = all.join("a", limits({ maxFollowers: 1 }), never);
    expect(await all.join("a", limits({ maxFollowers: 1 }), never)).toEqual({ kind: "full" });
    resolve("value");
    expect([(await first).kind, (await second).kind]).toEqual(["done", "done"]);
  });

  it("shares no more than a number of fetches at once: a call beyond them makes its own", async () => {
    const all = flights();
    for (let n = 0; n < MAX_FLIGHTS; n++) void all.join(`key ${n}`, limits(), never);
    let leads = 0;
    const lead = (): Promise<string> => Promise.resolve(`own ${++leads}`);
    const own = await Promise.all([all.join("beyond", limits(), lead), all.join("beyond", limits(), lead)]);
    expect(own.map((one) => one.kind === "done" && one.value)).toEqual(["own 1", "own 2"]);
    expect(all.size).toBe(MAX_FLIGHTS);
  });
});
