// What a relay sends on for viewers of the live tap, and what it does while the object of all metrics fails.
import { expect, it } from "vitest";
import type { TapEvents, TapFilter } from "../../../core/tap/tap-messages.ts";
import { TapForwarder } from "../../../durable-objects/relay/tap-forwarder.ts";
import { ALL_CALLS, tapEvent } from "../../core/tap/support.ts";

const POLL = { timeout: 20_000, interval: 20 };

function relay(filters: () => readonly TapFilter[]) {
  const sent: TapEvents[] = [];
  const tapped = async (events: TapEvents): Promise<readonly TapFilter[]> => {
    sent.push(events);
    return filters();
  };
  return { sent, forwarder: new TapForwarder({ getByName: () => ({ tapped }) }) };
}

const filter = (): TapFilter => ({ id: "a", conditions: ALL_CALLS, expiresAt: Date.now() + 60_000 });

it("learns of filters, and sends events of isolates on", async () => {
  const { sent, forwarder } = relay(() => [filter()]);
  forwarder.receive({}, Date.now());
  await expect.poll(() => forwarder.view(Date.now()).filters.length, POLL).toBe(1);
  const event = tapEvent({ filters: ["a"] });
  forwarder.receive({ events: [event], skipped: { a: 2 } }, Date.now());
  await expect.poll(() => sent.at(-1), POLL).toEqual({ events: [event], skipped: { a: 2 } });
});

it("sends no message where filters have come with a batch of metrics, and takes no event without a filter", async () => {
  const { sent, forwarder } = relay(() => []);
  const now = Date.now();
  forwarder.learn([], now);
  forwarder.receive({ events: [tapEvent({ filters: ["a"] })] }, now);
  expect(sent).toEqual([]);
  forwarder.receive({}, now + 5_000);
  await expect.poll(() => sent, POLL).toEqual([{ events: [], skipped: {} }]);
});

it("counts events of a message that has failed", async () => {
  let isDown = true;
  const { sent, forwarder } = relay(() => {
    if (isDown) throw new Error("down");
    return [filter()];
  });
  forwarder.learn([filter()], Date.now());
  forwarder.receive({ events: [tapEvent({ filters: ["a"] })] }, Date.now());
  await expect.poll(() => sent.length, POLL).toBeGreaterThan(0);
  isDown = false;
  await expect.poll(() => sent.at(-1), POLL).toEqual({ events: [], skipped: { a: 1 } });
});

it("forgets a filter at its end", () => {
  const { forwarder } = relay(() => []);
  const only = filter();
  forwarder.learn([only], Date.now());
  expect(forwarder.view(only.expiresAt - 1).filters).toEqual([only]);
  expect(forwarder.view(only.expiresAt).filters).toEqual([]);
});
