// The purges that an isolate knows: brought by the background exchange, never awaited except where `strict` demands it.
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { ExchangeRequest } from "../../../../../core/exchange/messages.ts";
import { ExchangeServer } from "../../../../../durable-objects/relay/exchange-server.ts";
import { Exchange } from "../../../../../workers/gateway/background/exchange.ts";
import type { PurgeLogNamespace } from "../../../../../workers/gateway/cache/purge/purge-log-binding.ts";
import { KnownPurges, type PurgeSettings, PurgeView } from "../../../../../workers/gateway/cache/purge/purge-view.ts";
import { present } from "../../../../support/present.ts";

const START = present();
const TAG = [{ kind: "tag", value: "user:42" }] as const;
const response = (purgeSeq: number) => ({ key: "k", route: "r", tags: ["user:42"], purgeSeq });
let names = 0;

beforeAll(async () => void (await env.PURGE_LOG.getByName("first").since(0))); // the class is loaded: a relay waits 1.5 s at most
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  vi.spyOn(Math, "random").mockReturnValue(0); // no jitter: the first exchange is sent at once
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Isolates that share a log and a relay, which can fail and hang. */
function sharing(settings: Partial<PurgeSettings> = {}) {
  const log = env.PURGE_LOG.getByName(`shared-${names++}`);
  const state = { reads: 0, exchanges: 0, isDown: false, isHung: false };
  const logs: PurgeLogNamespace = {
    getByName: () => ({
      async since(known) {
        state.reads += 1;
        return await log.since(known);
      },
      append: async (targets, mode, known) => await log.append(targets, mode, known),
    }),
  };
  const relay = new ExchangeServer({ PURGE_LOG: logs }, START);
  const exchange = async (request: ExchangeRequest) => {
    state.exchanges += 1;
    if (state.isDown) throw new Error("gone");
    if (state.isHung) await new Promise(() => undefined);
    return relay.exchange(request);
  };
  const isolate = () => {
    const own = new Exchange({ getByName: () => ({ exchange }) }, 5_000);
    const known = new KnownPurges();
    own.add(known);
    const view = new PurgeView({ logs, exchange: own, strict: false, waitMs: 300_000, ...settings }, known);
    const sent: Promise<void>[] = [];
    /** A call of this isolate: what it waits for before its lookup. */
    const call = () => {
      own.begin(new Request("https://gateway.example"), (done) => void sent.push(done));
      return view.prepare();
    };
    const exchanged = async () => void (await Promise.all(sent));
    return { view, call, exchanged, waits: () => own.status(Date.now()).waits };
  };
  return { state, isolate };
}

it("exchanges in the background, and no call waits, however old its knowledge is", async () => {
  const { state, isolate } = sharing();
  const one = isolate();
  for (const minute of [0, 1, 2, 60]) {
    vi.setSystemTime(START + minute * 60_000);
    expect(one.call()).toBeUndefined();
    await one.exchanged();
  }
  expect([state.exchanges, one.waits(), one.view.mayServeShared()]).toEqual([4, 0, true]);
});

it("a purge applies at once where it was made, and in other isolates after an interval of theirs and one of the relay", async () => {
  const { isolate } = sharing();
  const [here, there] = [isolate(), isolate()];
  for (const one of [here, there]) {
    await one.call();
    await one.exchanged();
  }
  const seq = await here.view.purge(TAG, "soft");
  const checked = [here.view.purges.check(response(0)), here.view.purges.check(response(seq)), there.view.purges.check(response(0))];
  expect(checked).toEqual(["soft", "valid", "valid"]);
  for (let now = START + 1_000; now <= START + here.view.withinMs; now += 1_000) {
    vi.setSystemTime(now);
    await there.call();
    await there.exchanged();
  }
  expect([there.view.purges.check(response(0)), here.view.withinMs]).toEqual(["soft", 11_000]);
});

it("receives the purges of other isolates with its own purge", async () => {
  const { isolate } = sharing();
  const [here, there] = [isolate(), isolate()];
  await here.view.purge(TAG, "hard");
  await there.view.purge([{ kind: "tag", value: "another" }], "soft");
  expect(there.view.purges.check(response(0))).toBe("hard");
});

it("while the relay fails, an isolate serves with what it knows, and exchanges again", async () => {
  const { state, isolate } = sharing();
  const one = isolate();
  await one.call();
  await one.exchanged();
  state.isDown = true;
  for (let second = 60; second < 70; second++) {
    vi.setSystemTime(START + second * 1_000);
    expect(one.call()).toBeUndefined();
    await one.exchanged();
    expect([one.view.mayServe(), one.view.mayServeShared()]).toEqual([true, true]);
  }
  expect(state.exchanges).toBe(1 + 3); // once in four seconds
});

it("strict: serves nothing while its knowledge is too old, waits for a new one, and serves again", async () => {
  const { state, isolate } = sharing({ strict: true });
  const one = isolate();
  expect(one.view.mayServe()).toBe(false);
  await one.call();
  expect(one.view.mayServe()).toBe(true);
  vi.setSystemTime(START + 10_999);
  expect(one.call()).toBeUndefined(); // it exchanges in the background
  await one.exchanged();
  state.isDown = true;
  vi.setSystemTime(START + 10_999 + 11_000);
  const wait = one.call();
  expect(wait).toBeInstanceOf(Promise);
  await wait;
  expect([one.view.mayServe(), one.view.mayServeShared()]).toEqual([false, false]);
  expect(one.call()).toBeUndefined(); // in the pause after a failure no call waits
  state.isDown = false;
  vi.setSystemTime(START + 60_000);
  await one.call();
  expect([one.view.mayServe(), one.view.mayServeShared(), one.waits()]).toEqual([true, true, 3]);
});

it("strict: a relay that does not respond delays a call by `waitMs` at most", async () => {
  const { state, isolate } = sharing({ strict: true, waitMs: 20 });
  state.isHung = true;
  const one = isolate();
  await one.call();
  expect([one.view.mayServe(), state.exchanges]).toEqual([false, 1]);
});

it("a new isolate serves nothing of the shared level before it knows the purges", async () => {
  const { state, isolate } = sharing();
  state.isHung = true;
  const one = isolate();
  await one.call();
  await one.view.learn(20);
  expect([one.view.mayServe(), one.view.mayServeShared()]).toEqual([true, false]);
  state.isHung = false;
  vi.setSystemTime(START + 5_000); // the exchange counts as lost
  await one.view.learn(60_000);
  expect(one.view.mayServeShared()).toBe(true);
});
