// A model of calls with one key: random interleavings of beginnings, ends, crashes, late ends, expiry and other payloads.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Begun, begin, type CallRecord, finish, isReleased, RETENTION_MS } from "../../../core/idempotency/call-record.ts";

type Record = CallRecord<string> | undefined;
const LEASE_MS = 1_000;
const call = (token: string, fingerprint = "p") => ({ fingerprint, token, leaseMs: LEASE_MS });
const stored = (response: string) => ({ kind: "stored" as const, response });

describe("a key", () => {
  it("lets one call run, refuses others until it has ended, and then replays its response", () => {
    const [running, first] = begin<string>(undefined, call("a"), 0);
    expect(first).toEqual({ kind: "started" });
    expect(begin(running, call("b"), 10)).toEqual([running, { kind: "running" }]);
    const done = finish(running, "a", stored("r"), 20)!;
    expect(begin(done, call("b"), 30)).toEqual([done, { kind: "replayed", recorded: stored("r") }]);
  });

  it("refuses another payload while the first call runs, after it has ended, and after it was lost", () => {
    const [running] = begin<string>(undefined, call("a"), 0);
    const done = finish(running, "a", stored("r"), 20)!;
    for (const record of [running, done]) expect(begin(record, call("b", "q"), 30)).toEqual([record, { kind: "key_reused" }]);
    expect(begin(running, call("b", "q"), LEASE_MS)[1]).toEqual({ kind: "key_reused" });
  });

  it("lets a repeat run once the lease of the call is over, and not 1 ms sooner; the late call then records nothing", () => {
    const [running] = begin<string>(undefined, call("a"), 0);
    expect(begin(running, call("b"), LEASE_MS - 1)[1].kind).toBe("running");
    const [second, begun] = begin(running, call("b"), LEASE_MS);
    expect(begun).toEqual({ kind: "started" });
    expect(finish(second, "a", stored("late"), LEASE_MS + 1)).toBeUndefined();
    expect(isReleased(second, "a")).toBe(false);
    expect(finish(second, "b", stored("r"), LEASE_MS + 1)?.recorded).toEqual(stored("r"));
  });

  it("records the response of a call that is late, where no other has begun", () => {
    const [running] = begin<string>(undefined, call("a"), 0);
    expect(finish(running, "a", stored("r"), 5 * LEASE_MS)?.recorded).toEqual(stored("r"));
  });

  it("is forgotten 24 hours after its call has ended, and not 1 ms sooner", () => {
    const [running] = begin<string>(undefined, call("a"), 0);
    const done = finish(running, "a", stored("r"), 20)!;
    expect(begin(done, call("b"), 20 + RETENTION_MS - 1)[1].kind).toBe("replayed");
    expect(begin(done, call("b", "q"), 20 + RETENTION_MS)[1].kind).toBe("started");
  });
});

type Step =
  | { readonly kind: "begin"; readonly payload: string }
  | { readonly kind: "finish" | "release"; readonly which: number } // index into the calls that have begun, dead ones included
  | { readonly kind: "crash"; readonly which: number } // the call ends, and records nothing
  | { readonly kind: "wait"; readonly ms: number };

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("begin" as const), payload: fc.constantFrom("p", "p", "p", "q") }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("finish" as const, "release" as const), which: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const), which: fc.nat(9) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 400, LEASE_MS, RETENTION_MS / 2) }) },
  ),
  { minLength: 1, maxLength: 60 },
);

/** What the model knows of the life of a key, from its first call to its expiry. */
interface Life {
  readonly payload: string;
  recorded: string | undefined; // the one response
}

/** @param faulty runs in place of `finish`, to see that the model finds it */
function play(walk: readonly Step[], end: typeof finish = finish): void {
  let now = 0;
  let record: Record;
  let life: Life | undefined;
  let holder: { token: string; until: number } | undefined; // the call whose end is recorded
  const begunTokens: string[] = [];
  const alive = (): boolean => record !== undefined && record.expiresAt > now;
  for (const [at, step] of walk.entries()) {
    if (step.kind === "wait") now += step.ms;
    if (!alive()) life = undefined;
    if (step.kind === "begin") {
      const token = `t${at}`;
      let begun: Begun<string>;
      [record, begun] = begin(record, call(token, step.payload), now);
      if (life !== undefined && life.payload !== step.payload) expect(begun.kind).toBe("key_reused");
      else if (life?.recorded !== undefined) expect(begun).toEqual({ kind: "replayed", recorded: stored(life.recorded) });
      else if (life !== undefined && holder !== undefined && holder.until > now) expect(begun.kind).toBe("running");
      else {
        expect(begun.kind).toBe("started");
        life ??= { payload: step.payload, recorded: undefined };
        holder = { token, until: now + LEASE_MS };
        begunTokens.push(token);
      }
    }
    if (step.kind === "finish" || step.kind === "release") {
      const token = begunTokens[step.which % Math.max(begunTokens.length, 1)];
      if (token === undefined) continue;
      const holds = record?.kind === "running" && holder?.token === token;
      if (step.kind === "release") {
        expect(isReleased(record, token)).toBe(holds);
        if (holds) [record, life, holder] = [undefined, undefined, undefined];
        continue;
      }
      const done = end(record, token, stored(token), now);
      expect(done !== undefined, "only the call that holds the key records, and once").toBe(holds);
      if (done === undefined) continue;
      record = done;
      life ??= { payload: done.fingerprint, recorded: undefined };
      expect(life.recorded, "a life has one recorded effect").toBeUndefined();
      life.recorded = token;
      holder = undefined;
    }
  }
}

describe("the model", () => {
  it("has at most one recorded effect for each life of a key, and every replay equals it", () => {
    fc.assert(
      fc.property(steps, (walk) => play(walk)),
      { numRuns: 5_000 },
    );
  });

  it("finds a record that does not check which call holds the key", () => {
    const careless: typeof finish = (record, _token, recorded, now) =>
      record === undefined ? undefined : { kind: "done", fingerprint: record.fingerprint, recorded, expiresAt: now + RETENTION_MS };
    expect(() =>
      fc.assert(
        fc.property(steps, (walk) => play(walk, careless)),
        { numRuns: 5_000, seed: 7 },
      ),
    ).toThrow();
  });
});
