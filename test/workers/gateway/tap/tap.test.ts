// When an isolate sends events of the live tap.
import { expect, it } from "vitest";
import type { ExchangeDraft } from "../../../../workers/gateway/background/exchange.ts";
import { TapReporter } from "../../../../workers/gateway/tap/tap.ts";
import { ALL_CALLS } from "../../../core/tap/support.ts";

const NOW = 1_000_000;
const call = (path = "/a.B/C") =>
  ({
    ...{ id: "one", code: "ok", receivedAt: NOW - 5, attempts: 1, upstreamName: "a", endpoint: "A", cacheLevel: "", upstreamMs: 0 },
    ...{ route: { name: "a.B/C", path, template: "", method: {} }, protocol: { kind: "rest" }, request: { method: "POST", url: "" } },
  }) as never;

function isolate() {
  const hurried: number[] = [];
  const kept: Promise<void>[] = [];
  const reporter = new TapReporter({ require: (now: number) => void hurried.push(now) } as never);
  const learn = (filters = [{ id: "a", conditions: ALL_CALLS, expiresAt: NOW + 60_000 }]): void =>
    reporter.read({ tap: { filters }, nextMs: 5_000 } as never, NOW, NOW);
  const observe = (now: number, path?: string): void => reporter.observe(call(path), 200, now, (done) => void kept.push(done));
  const written = (now = NOW): ExchangeDraft => {
    const draft: ExchangeDraft = {};
    reporter.write(draft, now);
    return draft;
  };
  return { hurried, kept, learn, observe, written };
}

it("sends nothing while nobody watches", () => {
  const { hurried, kept, observe, written } = isolate();
  observe(NOW);
  expect([hurried, kept, written().tap]).toEqual([[], [], {}]);
});

it("hurries the exchange for an event, once in a second, by one timer for what follows", () => {
  const { hurried, kept, learn, observe, written } = isolate();
  learn();
  observe(NOW);
  expect(hurried).toEqual([NOW]);
  expect(written().tap).toMatchObject({ events: [{ requestId: "one", filters: ["a"], durationMs: 5 }] });
  learn();
  for (const ms of [1, 2, 3]) observe(NOW + ms);
  expect([hurried.length, kept.length]).toEqual([1, 1]);
  expect(written(NOW + 10).tap?.events).toHaveLength(3);
});

it("shows no calls of the gateway's own services", () => {
  const { hurried, learn, observe } = isolate();
  learn();
  observe(NOW, "/tidegate.telemetry.v1.TelemetryService/Tap");
  expect(hurried).toEqual([]);
});
