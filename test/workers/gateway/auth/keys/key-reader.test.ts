// Questions to the relay: one for all calls that need the same, a limited number at once, and no call that waits for longer than it may.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KeysAnswer, KeysQuestion } from "../../../../../core/exchange/key-messages.ts";
import { KeyReader } from "../../../../../workers/gateway/auth/keys/key-reader.ts";
import { KeyRing } from "../../../../../workers/gateway/auth/keys/key-ring.ts";

const POLICY = { cacheBytes: 1_048_576, revocationMaxAgeMs: 10_000, maxStaleMs: 60_000 };
const VIEW: KeysAnswer = { version: 2, keys: {}, view: { delta: { kind: "same", seq: 0 }, ageMs: 0 } };
const ABSENT: KeysAnswer = { ...VIEW, keys: { a: { kind: "absent", ageMs: 0 } } };

beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => undefined));
afterEach(() => void vi.restoreAllMocks());

function reader(respond: (question: KeysQuestion) => Promise<KeysAnswer>, waitMs = 60_000) {
  const ring = new KeyRing(POLICY);
  const questions: KeysQuestion[] = [];
  const keys = (question: KeysQuestion) => {
    questions.push(question);
    return respond(question);
  };
  return { ring, questions, reader: new KeyReader(ring, { keys }, waitMs, () => undefined) };
}

describe("a question", () => {
  it("is sent once for all calls that need the same key", async () => {
    const { reader: one, questions } = reader(async () => ABSENT);
    const now = Date.now();
    const wanted = { id: "a", revision: 0 };
    expect(await Promise.all([one.read(wanted, now, 60_000), one.read(wanted, now, 60_000)])).toEqual([true, true]);
    expect(await Promise.all([one.read({ id: "a", revision: 1 }, now, 60_000), one.refresh(now, 60_000)])).toEqual([true, true]);
    expect(questions.map((question) => question.wanted)).toEqual([[wanted], [{ id: "a", revision: 1 }], []]);
  });

  it("is not answered by an answer without the key", async () => {
    const { reader: one } = reader(async () => VIEW);
    expect(await one.read({ id: "a", revision: 0 }, Date.now(), 60_000)).toBe(false);
    expect(await one.refresh(Date.now(), 60_000)).toBe(true);
  });

  it("ends for its call when the time is over, and counts as failed", async () => {
    const { reader: one, ring } = reader(() => new Promise(() => undefined));
    expect(await one.refresh(Date.now(), 5)).toBe(false);
    expect(ring.view.decide(Date.now()).kind).toBe("unusable");
  });

  it("counts as lost after its time, so that another one is sent", async () => {
    const { reader: one, questions } = reader(() => new Promise(() => undefined), 20);
    const now = Date.now();
    one.refreshInBackground(now);
    one.refreshInBackground(now + 20);
    one.refreshInBackground(now + 21);
    expect(questions).toHaveLength(2);
  });

  it("that fails is logged once a second, with the age of the view", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { reader: one } = reader(() => Promise.reject(new Error("overloaded")));
    for (let n = 0; n < 3; n++) expect(await one.refresh(Date.now(), 60_000)).toBe(false);
    expect(warn.mock.calls).toHaveLength(1);
    expect(JSON.stringify(warn.mock.calls[0])).toContain("key_request_failed");
  });

  it("is one of at most 100 at once", async () => {
    const { reader: one, questions } = reader(() => new Promise(() => undefined));
    const now = Date.now();
    const reads = Array.from({ length: 101 }, (_, n) => one.read({ id: `k${n}`, revision: 0 }, now, n === 100 ? 60_000 : 5));
    expect(await reads[100]).toBe(false); // at once
    expect(questions).toHaveLength(100);
    await Promise.all(reads);
  });
});
