// The Durable Object of the audit: what it lists, also after an eviction, and its bounds.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AUDIT_LENGTHS, type AuditEvent } from "../../core/auth/audit-event.ts";
import { AuditLog } from "../../durable-objects/audit-log.ts";

const START = Date.UTC(2026, 0, 1);
let names = 0;
const fresh = () => env.AUDIT_LOG.getByName(`log-${names++}`);
const event = (subject: string, outcome: AuditEvent["outcome"] = "changed"): AuditEvent => ({
  ...{ outcome, identity: "key:1", role: "operator", route: "tidegate.cache.v1.CacheService/Purge" },
  ...{ subject, address: "192.0.2.1", requestId: "r-1" },
});
const subjects = (events: readonly { subject: string }[]) => events.map(({ subject }) => subject).join("");

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

it("lists events with their times, the latest first, a page at a time, and each outcome by itself", async () => {
  const log = fresh();
  for (const subject of ["a", "b", "c"]) await log.append(event(subject));
  vi.setSystemTime(START + 5);
  await log.append(event("d", "denied"));
  await log.append(event("e"));
  const latest = await log.list("changed", Number.POSITIVE_INFINITY, 3);
  expect(latest[0]).toEqual({ ...event("e"), seq: 5, at: START + 5 });
  expect(subjects(latest)).toBe("ecb");
  expect(subjects(await log.list("changed", latest.at(-1)!.seq, 3))).toBe("a");
  expect(subjects(await log.list("denied", Number.POSITIVE_INFINITY, 3))).toBe("d");
});

it("has the same events after an eviction", async () => {
  const log = fresh();
  await log.append(event("a"));
  const before = await log.list("changed", Number.POSITIVE_INFINITY, 9);
  await evictDurableObject(log);
  expect(await log.list("changed", Number.POSITIVE_INFINITY, 9)).toEqual(before);
});

it("drops the oldest event of an outcome above its bound, and none of the other", async () => {
  await runInDurableObject(fresh(), (_, ctx) => {
    const log = new AuditLog(ctx, env, { changed: 3, denied: 2 });
    for (const subject of "abcd") log.append(event(subject));
    for (const subject of "wxyz") log.append(event(subject, "denied"));
    expect(subjects(log.list("changed", Number.POSITIVE_INFINITY, 9))).toBe("dcb");
    expect(subjects(log.list("denied", Number.POSITIVE_INFINITY, 9))).toBe("zy");
  });
});

it("cuts the texts of an event", async () => {
  const log = fresh();
  const long = Object.fromEntries(Object.keys(AUDIT_LENGTHS).map((name) => [name, "x".repeat(10_000)]));
  await log.append({ ...event(""), ...long });
  const [stored] = await log.list("changed", Number.POSITIVE_INFINITY, 1);
  for (const [name, length] of Object.entries(AUDIT_LENGTHS)) expect(stored![name as keyof typeof AUDIT_LENGTHS]).toHaveLength(length);
});
