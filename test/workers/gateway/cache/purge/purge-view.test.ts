// What an isolate knows of purges: asked for behind answers, before one where nobody has asked for long, and kept where nobody can be asked.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PurgeLogNamespace } from "../../../../../workers/gateway/cache/purge/purge-log-binding.ts";
import { type PurgeSettings, PurgeView } from "../../../../../workers/gateway/cache/purge/purge-view.ts";

vi.setConfig({ testTimeout: 30_000 }); // this machine may be busy
const START = Date.UTC(2026, 0, 1);
const TAG = [{ kind: "tag", value: "user:42" }] as const;
const entry = (purgeSeq: number) => ({ key: "k", route: "r", tags: ["user:42"], purgeSeq });
let names = 0;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

/** Isolates that share a log; it can be cut off, and hung. */
function sharing(settings: Partial<PurgeSettings> = {}) {
  const name = `shared-${names++}`;
  const state = { asked: 0, isDown: false, isHung: false };
  const logs: PurgeLogNamespace = {
    getByName: () => {
      const log = env.PURGE_LOG.getByName(name);
      return {
        async since(known) {
          state.asked += 1;
          if (state.isDown) throw new Error("gone");
          if (state.isHung) await new Promise(() => undefined);
          return await log.since(known);
        },
        append: async (targets, mode, known) => await log.append(targets, mode, known),
      };
    },
  };
  return { state, isolate: () => new PurgeView({ logs, pollMs: 5_000, strict: false, waitMs: 10_000, ...settings }) };
}

it("waits for nothing while it has heard, and asks behind an answer after the poll", async () => {
  const { state, isolate } = sharing();
  const view = isolate();
  await view.prepare();
  expect([state.asked, view.mayServeShared()]).toEqual([1, true]);
  vi.setSystemTime(START + 4_999);
  expect([view.prepare(), state.asked]).toEqual([undefined, 1]);
  vi.setSystemTime(START + 5_000);
  for (let n = 0; n < 50; n++) expect(view.prepare()).toBeUndefined(); // asked once, and nobody waits
  await vi.waitUntil(() => state.asked === 2, { timeout: 60_000 });
});

it("a purge is in force at once where it was made, and elsewhere with the next poll", async () => {
  const { state, isolate } = sharing();
  const [here, there] = [isolate(), isolate()];
  await Promise.all([here.prepare(), there.prepare()]);
  const seq = await here.purge(TAG, "soft");
  expect([here.purges.check(entry(0)), here.purges.check(entry(seq)), there.purges.check(entry(0))]).toEqual(["soft", "valid", "valid"]);
  vi.setSystemTime(START + 5_500);
  expect(there.prepare()).toBeUndefined();
  await vi.waitUntil(() => there.purges.check(entry(0)) === "soft", { timeout: 60_000 });
  expect([state.asked, there.withinMs]).toEqual([3, 6_000]);
});

it("an isolate that had no calls for long hears of a purge before it serves", async () => {
  const { isolate } = sharing();
  const [here, there] = [isolate(), isolate()];
  await there.prepare();
  await here.purge(TAG, "hard");
  vi.setSystemTime(START + 6_000);
  const waiting = there.prepare();
  expect(waiting).toBeInstanceOf(Promise);
  await waiting;
  expect(there.purges.check(entry(0))).toBe("hard");
});

it("hears with its own purge of those that others have made meanwhile", async () => {
  const { isolate } = sharing();
  const [here, there] = [isolate(), isolate()];
  await here.purge(TAG, "hard");
  await there.purge([{ kind: "tag", value: "another" }], "soft");
  expect(there.purges.check(entry(0))).toBe("hard");
});

it("a log that can't be asked: it serves on with what it knows, waits at most once in a while, and asks again", async () => {
  const { state, isolate } = sharing();
  const view = isolate();
  await view.prepare();
  state.isDown = true;
  vi.setSystemTime(START + 60_000);
  await view.prepare();
  expect([state.asked, view.mayServe(), view.mayServeShared()]).toEqual([2, true, true]);
  for (let n = 0; n < 50; n++) expect(view.prepare()).toBeUndefined();
  expect(state.asked).toBe(2);
  state.isDown = false;
  vi.setSystemTime(START + 65_000);
  await view.prepare();
  expect(state.asked).toBe(3);
});

it("a log that does not answer holds no call up for longer than it may", async () => {
  const { state, isolate } = sharing({ waitMs: 20 });
  state.isHung = true;
  const view = isolate();
  await view.prepare();
  expect([state.asked, view.mayServe(), view.mayServeShared()]).toEqual([1, true, false]);
  for (let n = 0; n < 50; n++) expect(view.prepare()).toBeUndefined();
  state.isHung = false;
  vi.setSystemTime(START + 5_000); // the ask is given up for lost
  void view.prepare();
  await vi.waitUntil(() => view.mayServeShared(), { timeout: 60_000 });
});

it("strict: serves nothing where the log has not been heard in time, and serves again when it has", async () => {
  const { state, isolate } = sharing({ strict: true });
  const view = isolate();
  expect(view.mayServe()).toBe(false);
  await view.prepare();
  expect(view.mayServe()).toBe(true);
  state.isDown = true;
  vi.setSystemTime(START + 6_999);
  await view.prepare();
  expect(view.mayServe()).toBe(true);
  vi.setSystemTime(START + 7_000);
  expect([view.mayServe(), view.mayServeShared()]).toEqual([false, false]);
  state.isDown = false;
  vi.setSystemTime(START + 20_000);
  await view.prepare();
  expect([view.mayServe(), view.mayServeShared()]).toEqual([true, true]);
});

it("a cold isolate serves nothing shared before it has heard", async () => {
  const { state, isolate } = sharing();
  state.isDown = true;
  const view = isolate();
  await view.prepare();
  expect([view.mayServe(), view.mayServeShared()]).toEqual([true, false]);
});
