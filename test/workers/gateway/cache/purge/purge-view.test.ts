// The purges that an isolate knows: polled in the background, awaited after a long time without calls, and kept while the log fails.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PurgeLogNamespace } from "../../../../../workers/gateway/cache/purge/purge-log-binding.ts";
import { type PurgeSettings, PurgeView } from "../../../../../workers/gateway/cache/purge/purge-view.ts";

const START = Date.UTC(2026, 0, 1);
const TAG = [{ kind: "tag", value: "user:42" }] as const;
const response = (purgeSeq: number) => ({ key: "k", route: "r", tags: ["user:42"], purgeSeq });
let names = 0;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

/** Isolates that share a log, which can fail and hang. */
function sharing(settings: Partial<PurgeSettings> = {}) {
  const name = `shared-${names++}`;
  const state = { polls: 0, isDown: false, isHung: false };
  const logs: PurgeLogNamespace = {
    getByName: () => {
      const log = env.PURGE_LOG.getByName(name);
      return {
        async since(known) {
          state.polls += 1;
          if (state.isDown) throw new Error("gone");
          if (state.isHung) await new Promise(() => undefined);
          return await log.since(known);
        },
        append: async (targets, mode, known) => await log.append(targets, mode, known),
      };
    },
  };
  return { state, isolate: () => new PurgeView({ logs, pollMs: 5_000, strict: false, waitMs: 300_000, ...settings }) };
}

it("does not wait while its knowledge is recent, and polls in the background after `pollMs`", async () => {
  const { state, isolate } = sharing();
  const view = isolate();
  await view.prepare();
  expect([state.polls, view.mayServeShared()]).toEqual([1, true]);
  vi.setSystemTime(START + 4_999);
  expect([view.prepare(), state.polls]).toEqual([undefined, 1]);
  vi.setSystemTime(START + 5_000);
  for (let n = 0; n < 50; n++) expect(view.prepare()).toBeUndefined(); // one poll, and no call waits
  await vi.waitUntil(() => state.polls === 2, { timeout: 60_000 });
});

it("a purge applies at once where it was made, and in other isolates with the next poll", async () => {
  const { state, isolate } = sharing();
  const [here, there] = [isolate(), isolate()];
  await Promise.all([here.prepare(), there.prepare()]);
  const seq = await here.purge(TAG, "soft");
  expect([here.purges.check(response(0)), here.purges.check(response(seq)), there.purges.check(response(0))]).toEqual([
    "soft",
    "valid",
    "valid",
  ]);
  vi.setSystemTime(START + 5_500);
  expect(there.prepare()).toBeUndefined();
  await vi.waitUntil(() => there.purges.check(response(0)) === "soft", { timeout: 60_000 });
  expect([state.polls, there.withinMs]).toEqual([3, 6_000]);
});

it("an isolate without calls for a long time receives a purge before it serves", async () => {
  const { isolate } = sharing();
  const [here, there] = [isolate(), isolate()];
  await there.prepare();
  await here.purge(TAG, "hard");
  vi.setSystemTime(START + 6_000);
  const wait = there.prepare();
  expect(wait).toBeInstanceOf(Promise);
  await wait;
  expect(there.purges.check(response(0))).toBe("hard");
});

it("receives the purges of other isolates with its own purge", async () => {
  const { isolate } = sharing();
  const [here, there] = [isolate(), isolate()];
  await here.purge(TAG, "hard");
  await there.purge([{ kind: "tag", value: "another" }], "soft");
  expect(there.purges.check(response(0))).toBe("hard");
});

it("while the log fails, an isolate serves with what it knows, waits at most once per pause, and polls again", async () => {
  const { state, isolate } = sharing();
  const view = isolate();
  await view.prepare();
  state.isDown = true;
  vi.setSystemTime(START + 60_000);
  await view.prepare();
  expect([state.polls, view.mayServe(), view.mayServeShared()]).toEqual([2, true, true]);
  for (let n = 0; n < 50; n++) expect(view.prepare()).toBeUndefined();
  expect(state.polls).toBe(2);
  state.isDown = false;
  vi.setSystemTime(START + 65_000);
  await view.prepare();
  expect(state.polls).toBe(3);
});

it("a log that does not respond delays a call by `waitMs` at most", async () => {
  const { state, isolate } = sharing({ waitMs: 20 });
  state.isHung = true;
  const view = isolate();
  await view.prepare();
  expect([state.polls, view.mayServe(), view.mayServeShared()]).toEqual([1, true, false]);
  for (let n = 0; n < 50; n++) expect(view.prepare()).toBeUndefined();
  state.isHung = false;
  vi.setSystemTime(START + 5_000); // the poll counts as lost
  void view.prepare();
  await vi.waitUntil(() => view.mayServeShared(), { timeout: 60_000 });
});

it("strict: serves nothing while its knowledge is too old, and serves again after a poll", async () => {
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

it("a new isolate serves nothing of the shared level before its first poll", async () => {
  const { state, isolate } = sharing();
  state.isDown = true;
  const view = isolate();
  await view.prepare();
  expect([view.mayServe(), view.mayServeShared()]).toEqual([true, false]);
});
