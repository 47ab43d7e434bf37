// Events of the tap: the newest first, and never more than the page shows.
import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { MOST_EVENTS, type TapState, withEvents } from "../../../../console/src/views/tap/tap-list.ts";
import { TapEventSchema } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";

const event = (requestId: string, skipped = 0n) => create(TapEventSchema, { requestId, skipped });
const NOTHING: TapState = { events: [], received: 0, skipped: 0 };

it("shows the newest event first, and counts what isolates have left out", () => {
  const state = withEvents(withEvents(NOTHING, [event("a"), event("b", 3n)]), [event("c", 4n)]);
  expect(state.events.map(({ requestId }) => requestId)).toEqual(["c", "b", "a"]);
  expect([state.received, state.skipped]).toEqual([3, 7]);
});

it("shows no event without a call, and counts what it says was left out", () => {
  const state = withEvents(NOTHING, [event(""), event("a"), event("", 2n)]);
  expect(state.events.map(({ requestId }) => requestId)).toEqual(["a"]);
  expect([state.received, state.skipped]).toEqual([1, 2]);
});

it("forgets the oldest ones", () => {
  const many = Array.from({ length: MOST_EVENTS + 10 }, (_, index) => event(String(index)));
  const state = withEvents(withEvents(NOTHING, many), [event("last")]);
  expect(state.events).toHaveLength(MOST_EVENTS);
  expect(state.events[0]!.requestId).toBe("last");
  expect(state.received).toBe(MOST_EVENTS + 11);
});
