// What an enforcer decides, counts and logs; test/integration/dry-run.test.ts has every policy in the whole gateway.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Enforcement } from "../../../../core/config/enforcement.ts";
import { Enforcer, policyCounters } from "../../../../workers/gateway/call/enforcer.ts";
import { httpCall } from "../../../support/cache-lookup.ts";
import { principalNamed } from "../../../support/callers.ts";

let logged: unknown[] = [];
let names = 0;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: 0 });
  logged = [];
  vi.spyOn(console, "warn").mockImplementation((line: string) => void logged.push(JSON.parse(line)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function enforcer(enforcement: Enforcement) {
  const name = `enforcer-${names++}`; // no other test has such names: the counters are those of the isolate
  const counts = () => [...policyCounters.read()].filter((row) => row.name === name).map(({ outcome, count }) => [outcome, count]);
  return { policy: new Enforcer("rate_limit", name, enforcement), name, counts };
}

const from = (address: string, principal?: string) => {
  const call = httpCall("/files/a", { headers: { "cf-connecting-ip": address } });
  call.id = "r-1";
  if (principal !== undefined) call.principal = principalNamed(principal);
  return call;
};

it("refuses where it is enforced, and logs nothing", () => {
  const { policy, counts } = enforcer({ mode: "enforce", percent: 100 });
  expect(policy.refuses(from("192.0.2.1"), "limit is reached")).toBe(true);
  policy.allowed(from("192.0.2.1"));
  expect([counts(), logged]).toEqual([
    [
      ["allowed", 1],
      ["refused", 1],
    ],
    [],
  ]);
});

it("reports with what a developer needs, at most once a second", () => {
  const { policy, name, counts } = enforcer({ mode: "report", percent: 100 });
  const call = from("2001:db8:0:1::7");
  const record = { level: "warn", event: "would_refuse", requestId: "r-1", route: call.route.name, address: "2001:db8:0:1::/64" };
  for (let n = 0; n < 5; n++) expect(policy.refuses(call, "limit is reached")).toBe(false);
  expect(logged).toEqual([{ ...record, policy: "rate_limit", name, reason: "limit is reached", calls: 1 }]);
  vi.setSystemTime(1_000);
  policy.refuses(call, "limit is reached");
  expect(logged.slice(1)).toEqual([{ ...record, policy: "rate_limit", name, reason: "limit is reached", calls: 5 }]);
  expect(counts()).toEqual([["would_refuse", 6]]);
});

it("says in the trace of a call, in the layer that decides, what would refuse it", () => {
  const { policy } = enforcer({ mode: "report", percent: 100 });
  const call = from("192.0.2.1");
  const notes: unknown[] = [];
  call.trace = { note: (...note: unknown[]) => void notes.push(note) } as never;
  policy.refuses(call, "limit is reached");
  policy.allowed(call);
  expect(notes).toEqual([["rate-limit", { "rate_limit would refuse": "limit is reached" }]]);
});

it("takes the caller for its principal, else for its address, and never for what it says of itself", () => {
  const { policy } = enforcer({ mode: "enforce", percent: 50 });
  const callers = Array.from({ length: 64 }, (_, n) => `caller-${n}`);
  const isEnforced = (name: string, address: string) => policy.isEnforcedFor(from(address, name));
  for (const name of callers) expect(isEnforced(name, "192.0.2.1")).toBe(isEnforced(name, "198.51.100.9"));
  expect(new Set(callers.map((name) => isEnforced(name, "192.0.2.1"))).size).toBe(2);
  const call = from("192.0.2.1");
  const other = httpCall("/files/a", { headers: { "cf-connecting-ip": "192.0.2.1", authorization: "Bearer x", "x-api-key": "y" } });
  expect(policy.isEnforcedFor(other)).toBe(policy.isEnforcedFor(call));
});
