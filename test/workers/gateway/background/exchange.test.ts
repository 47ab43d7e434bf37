// The background exchange of an isolate: when it is sent, to which relay, what waits for it, and what happens when it fails.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { EXCHANGE_VERSION, type ExchangeReply, type ExchangeRequest } from "../../../../core/exchange/messages.ts";
import { FIRST_SHARDS } from "../../../../core/exchange/relay-load.ts";
import { Exchange, type ExchangeDraft, type ExchangeSection } from "../../../../workers/gateway/background/exchange.ts";
import { currentRegion } from "../../../../workers/gateway/region/isolate-region.ts";

const START = Date.UTC(2026, 0, 1);
const CALL = new Request("https://gateway.example");

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** An isolate with one section, and a relay that responds as `respond` says. */
function isolate(
  respond: (request: ExchangeRequest) => Promise<Partial<ExchangeReply>> = () => Promise.resolve({}),
  isNeeded = () => false,
) {
  const sent: { readonly relay: string; readonly request: ExchangeRequest }[] = [];
  const held: Promise<void>[] = [];
  const exchange = new Exchange(
    {
      getByName: (relay: string) => ({
        exchange: async (request: ExchangeRequest) => {
          sent.push({ relay, request });
          return { version: 1, shards: 4, nextMs: 5_000, earlyMs: 0, ...(await respond(request)) };
        },
      }),
    },
    5_000,
  );
  const read: number[] = [];
  const section: ExchangeSection = {
    get isNeeded() {
      return isNeeded();
    },
    write: (draft: ExchangeDraft) => {
      draft.purges = { known: 7 };
    },
    read: (_, sentAt) => void read.push(sentAt - START),
  };
  exchange.add(section);
  const call = (): void => exchange.begin(CALL, (done) => void held.push(done));
  const ended = async (): Promise<void> => void (await Promise.all(held));
  const callAt = async (ms: number): Promise<void> => {
    vi.setSystemTime(START + ms);
    call();
    await ended();
  };
  return { exchange, sent, read, held, call, callAt, ended };
}

it("is sent at a random moment of the first interval, and then once an interval, with calls only", async () => {
  const { sent, read, callAt } = isolate();
  for (const ms of [0, 2_499, 2_500, 2_501, 6_999, 7_000, 60_000]) await callAt(ms);
  expect(read).toEqual([2_500, 7_000, 60_000]);
  expect(sent[0]!.request).toMatchObject({
    version: EXCHANGE_VERSION,
    isFirst: true,
    shards: FIRST_SHARDS,
    intervalMs: 5_000,
    purges: { known: 7 },
  });
  expect(sent[1]!.request).toMatchObject({ isFirst: false, shards: 4, isolate: sent[0]!.request.isolate });
  expect(new Set(sent.map(({ relay }) => relay.replace(/\d+$/, "N")))).toEqual(new Set([`${currentRegion()}/relay-N`]));
  expect(Number(sent[1]!.relay.split("-")[1])).toBeLessThan(4);
});

it("is not sent by an isolate that has nothing to exchange", () => {
  const exchange = new Exchange({ getByName: () => expect.fail("an exchange was sent") }, 5_000);
  for (let ms = 0; ms < 60_000; ms += 1_000) {
    vi.setSystemTime(START + ms);
    exchange.begin(CALL, () => undefined);
  }
});

it("is not sent twice at a time; one without an end counts as lost after 5 s", async () => {
  let isHung = true;
  const { exchange, sent, call, callAt } = isolate(() => (isHung ? new Promise(() => undefined) : Promise.resolve({})));
  call();
  for (const ms of [2_500, 5_000, 7_499]) {
    vi.setSystemTime(START + ms);
    call();
  }
  expect(sent).toHaveLength(1);
  isHung = false;
  vi.setSystemTime(START + 7_500);
  call();
  expect(sent).toHaveLength(2);
  await vi.waitUntil(() => exchange.status(START + 7_500).ageMs === 0, { timeout: 60_000 });
  void callAt;
});

it("is early once in 10 s for news, and at once for what cannot wait, also while another one is under way", async () => {
  const gates: (() => void)[] = [];
  const { exchange, sent, call, ended } = isolate(() => new Promise((resolve) => void gates.push(() => resolve({}))));
  call();
  exchange.require(START);
  expect(sent).toHaveLength(1);
  exchange.require(START + 1); // the result of a probe that is not in the exchange under way
  expect(sent).toHaveLength(1);
  gates[0]!();
  await vi.waitUntil(() => sent.length === 2, { timeout: 60_000 });
  gates[1]!();
  await ended();
  for (let ms = 100; ms < 900; ms += 100) exchange.hurry(START + ms);
  expect(sent).toHaveLength(3);
});

it("lets a call that cannot do without a response wait for it, for a limited time, and counts that", async () => {
  const gate = Promise.withResolvers<Partial<ExchangeReply>>();
  const { exchange, sent, call, ended } = isolate(() => gate.promise);
  call();
  const first = exchange.join(START, 60_000);
  const second = exchange.join(START, 60_000);
  const impatient = exchange.join(START, 5);
  await impatient;
  expect([sent.length, exchange.status(START).waits]).toEqual([1, 3]);
  gate.resolve({});
  await Promise.all([first, second, ended()]);
  expect(exchange.join(START, 60_000)).toBeUndefined(); // nothing newer is to be had before the next interval
});

it("keeps what it has while the relay fails, logs that, and tries again: after a second where it has nothing", async () => {
  let hasAnything = false;
  const { exchange, sent, read, callAt } = isolate(
    () => Promise.reject(new Error("overloaded")),
    () => !hasAnything,
  );
  for (const ms of [0, 2_500, 3_399, 3_400]) await callAt(ms);
  expect(sent).toHaveLength(2);
  hasAnything = true;
  for (const ms of [4_300, 8_799, 8_800]) await callAt(ms);
  expect([sent.length, read]).toEqual([4, []]);
  const { failures, ageMs } = exchange.status(START + 8_800);
  expect([failures, ageMs]).toEqual([4, Number.POSITIVE_INFINITY]);
});

it("says which relay it uses", async () => {
  const { exchange, callAt, sent } = isolate(() => Promise.resolve({ shards: 1 }));
  await callAt(0);
  await callAt(2_500);
  expect(exchange.status(START + 2_600)).toEqual({ ageMs: 100, relay: `${currentRegion()}/relay-0`, exchanges: 1, failures: 0, waits: 0 });
  expect(sent).toHaveLength(1);
});
