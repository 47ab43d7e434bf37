// What a relay does with an exchange: which root objects it calls, what it waits for, and what it responds.
import { expect, it } from "vitest";
import { BREAKER } from "../../../core/config/breaker.ts";
import { EXCHANGE_VERSION, type ExchangeRequest } from "../../../core/exchange/messages.ts";
import { RelayState, rootName } from "../../../core/exchange/relay-state.ts";

const NOW = 1_000_000;
const REPORT = { sequence: 1, calls: 1, failures: 0, isOpen: false, wantsProbe: false };
const exchange = (isolate: string, sections: Partial<ExchangeRequest> = {}): ExchangeRequest => ({
  ...{ version: 1, isolate, location: "AMS", shards: 1, isFirst: false, intervalMs: 5_000 },
  ...sections,
});
const ALL: Partial<ExchangeRequest> = {
  breakers: { u: { reports: { e: REPORT }, policy: BREAKER } },
  lists: { s: { known: -1, health: undefined, configured: [] } },
  purges: { known: 0 },
};

it("calls the root objects that an exchange names, each once an interval", () => {
  const relay = new RelayState(NOW, () => 0);
  const names = (isolate: string, now: number) => relay.receive(exchange(isolate, ALL), now).due.map(rootName);
  expect(names("a", NOW)).toEqual(["breakers u", "list s", "purges"]);
  expect(names("b", NOW + 1)).toEqual([]);
  expect(names("b", NOW + 5_000)).toEqual(["breakers u", "list s", "purges"]);
  expect(relay.receive(exchange("c"), NOW + 20_000).due).toEqual([]); // it names none
});

it.each([0, 0.5, 1])("calls them up to a fifth of the interval earlier, so that relays drift apart: %s", (random) => {
  const relay = new RelayState(NOW, () => random);
  const calls = (now: number) => relay.receive(exchange("a", { purges: { known: 0 } }), now).due.length;
  const { due } = relay.receive(exchange("a", { purges: { known: 0 } }), NOW);
  if (due[0]?.kind === "purges") relay.appliedPurges(due[0], { seq: 0, purges: [] } as never);
  const afterMs = 5_000 * (1 - 0.2 * random);
  expect([calls(NOW + afterMs - 1), calls(NOW + afterMs)]).toEqual([0, 1]);
});

it("lets an exchange wait for what nobody knows yet, and for nothing else", () => {
  const relay = new RelayState(NOW, () => 0);
  const [, list] = relay.receive(exchange("a", ALL), NOW).due;
  expect(relay.receive(exchange("b", ALL), NOW + 1).missing).toEqual(["list s", "purges"]);
  if (list?.kind === "list") relay.appliedList(list, { kind: "changed", version: 1, endpoints: [] });
  expect(relay.receive(exchange("b", ALL), NOW + 2).missing).toEqual(["purges"]);
});

it("responds with the sections that it knows", () => {
  const relay = new RelayState(NOW, () => 0);
  const request = exchange("a", ALL);
  const { due, shards } = relay.receive(request, NOW);
  expect(relay.reply(request, NOW, shards, NOW)).toEqual({
    version: EXCHANGE_VERSION,
    shards: 1,
    nextMs: 5_000,
    earlyMs: expect.any(Number),
    breakers: { u: {} },
  });
  for (const root of due) {
    if (root.kind === "purges") relay.appliedPurges(root, { kind: "same", seq: 0 });
    else relay.failed(root);
  }
  expect(relay.reply(request, NOW, shards, NOW + 80)).toMatchObject({ purges: { delta: { kind: "same", seq: 0 }, ageMs: 80 } });
});

it("shortens the interval of isolates whose breakers are about to change", () => {
  const relay = new RelayState(NOW, () => 0);
  const failing = exchange("a", { breakers: { u: { reports: { e: { ...REPORT, failures: 1 } }, policy: BREAKER } } });
  const healthy = exchange("b", { breakers: { other: { reports: { e: REPORT }, policy: BREAKER } } });
  for (const request of [failing, healthy]) relay.receive(request, NOW);
  expect([relay.reply(failing, NOW, 1, NOW).nextMs, relay.reply(healthy, NOW, 1, NOW).nextMs]).toEqual([1_000, 5_000]);
});

it("forgets the upstream that was not named for the longest time, above a thousand", () => {
  const relay = new RelayState(NOW, () => 0);
  const of = (upstream: string) => exchange("a", { breakers: { [upstream]: { reports: { e: REPORT }, policy: BREAKER } } });
  for (let n = 0; n <= 1_000; n++) relay.receive(of(`u${n}`), NOW);
  expect(relay.receive(of("u1"), NOW + 1).due).toEqual([]); // the request is under way
  expect(relay.receive(of("u0"), NOW + 1).due).toHaveLength(1);
});
