// The contract of every policy that can refuse a call: off, report and enforce for a share of the callers, with the same counters in each.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Enforcement } from "../../core/config/enforcement.ts";
import type { PolicyOutcome } from "../../core/enforcement/policy-counters.ts";
import { policyCounters } from "../../workers/gateway/call/enforcer.ts";
import { CALLERS, type Form, POLICY_CASES, type PolicyCase, type Trial } from "../support/dry-run/policies.ts";

let logged: Record<string, unknown>[] = [];

// The clock stands still: breakers stay open and buckets empty for as long as a test takes. Chance decides nothing.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(Math, "random").mockReturnValue(0);
  logged = [];
  vi.spyOn(console, "warn").mockImplementation((line: string) => void logged.push(JSON.parse(line)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Counts = Readonly<Record<PolicyOutcome, number>>;

function countsOf({ policy }: PolicyCase, name: string): Counts {
  const counts = { allowed: 0, refused: 0, would_refuse: 0 };
  for (const row of policyCounters.read()) if (row.policy === policy && row.name === name) counts[row.outcome] += row.count;
  return counts;
}

interface Outcome {
  readonly refused: readonly string[]; // callers
  readonly counts: Counts; // calls that the policy objects to
  readonly responses: readonly Response[];
}

/** Lets every caller make a call that the policy objects to. */
async function tried(one: PolicyCase, enforcement: Enforcement, form: Form): Promise<Outcome & { readonly trial: Trial }> {
  const trial = await one.start(enforcement, form);
  const before = countsOf(one, trial.name);
  const responses: Response[] = [];
  for (const caller of CALLERS) responses.push(await trial.bad(caller));
  const difference = (outcome: PolicyOutcome) => countsOf(one, trial.name)[outcome] - before[outcome];
  // A Durable Object decides after the response where its rule only reports.
  const isDecided = () => difference("refused") + difference("would_refuse") >= CALLERS.length;
  if (enforcement.mode !== "off") await vi.waitUntil(isDecided, { timeout: 30_000 });
  await trial.end?.();
  const counts = { allowed: difference("allowed"), refused: difference("refused"), would_refuse: difference("would_refuse") };
  const refused = CALLERS.filter((_, n) => responses[n]!.status === one.refusal);
  expect(responses.filter(({ status }) => status !== 200 && status !== one.refusal)).toEqual([]);
  return { trial, refused, counts, responses };
}

const of = (mode: Enforcement["mode"], percent = 100): Enforcement => ({ mode, percent });
const forms = POLICY_CASES.flatMap((one) => one.forms.map((form) => ({ ...one, form, at: `${one.title} (${form})` })));

describe.each(forms)("$at", ({ form, ...one }) => {
  it("refuses nothing and counts nothing where it is off", async () => {
    const { refused, counts } = await tried(one, of("off"), form);
    expect([refused, counts]).toEqual([[], { allowed: 0, refused: 0, would_refuse: 0 }]);
  });

  it.each([of("report"), of("report", 10), of("enforce", 0)])("reports for all callers: %j", async (enforcement) => {
    const { refused, counts, trial, responses } = await tried(one, enforcement, form);
    expect([refused, counts.refused, counts.would_refuse]).toEqual([[], 0, CALLERS.length]);
    const [record, ...more] = logged.filter(({ event, policy }) => event === "would_refuse" && policy === one.policy);
    expect(record).toMatchObject({ name: trial.name, requestId: expect.stringMatching(/^[\w-]{36}$/), reason: expect.stringMatching(/./) });
    expect(more.length).toBeLessThanOrEqual(1); // one a second, in each of the limits of a route
    for (const { headers } of responses) expect([...headers.keys()].filter((name) => /dry|report|would/.test(name))).toEqual([]);
  });

  it("refuses for all callers where it is enforced", async () => {
    const { refused, counts } = await tried(one, of("enforce"), form);
    expect([refused, counts.refused, counts.would_refuse]).toEqual([CALLERS, CALLERS.length, 0]);
    expect(logged.filter(({ event }) => event === "would_refuse")).toEqual([]);
  });

  it("refuses for a share of the callers, which only grows, and reports for the others", async () => {
    let before: readonly string[] = [];
    for (const percent of [20, 50, 80]) {
      const { refused, counts } = await tried(one, of("enforce", percent), form);
      expect([counts.refused, counts.would_refuse]).toEqual([refused.length, CALLERS.length - refused.length]);
      for (const caller of before) expect(refused).toContain(caller);
      expect((await tried(one, of("enforce", percent), form)).refused).toEqual(refused);
      before = refused;
    }
    expect(before.length).toBeGreaterThan(0);
    expect(before.length).toBeLessThan(CALLERS.length);
  });

  it.each(["report", "enforce"] as const)("counts what it allows, too: %s", async (mode) => {
    const { good, name, end } = await one.start(of(mode), form);
    if (good === undefined) return void (await end?.());
    const before = countsOf(one, name);
    expect((await good()).status).toBe(200);
    await vi.waitUntil(() => countsOf(one, name).allowed > before.allowed, { timeout: 30_000 });
    expect(countsOf(one, name)).toEqual({ ...before, allowed: before.allowed + 1 });
  });
});
