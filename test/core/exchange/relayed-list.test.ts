// An endpoint list in a relay: isolates with any version get the latest, and none goes back because it has changed its relay.
import { expect, it } from "vitest";
import type { ListQuery } from "../../../core/exchange/messages.ts";
import { RelayedList } from "../../../core/exchange/relayed-list.ts";

const NOW = 1_000_000;
const query = (known: number): ListQuery => ({ known, health: undefined, configured: [] });
const snapshot = (version: number) => ({ kind: "changed" as const, version, endpoints: [] });

function at(version: number): RelayedList {
  const list = new RelayedList("s");
  list.apply(list.receive(query(-1), 5_000, NOW)!, snapshot(version));
  return list;
}

it("is queried once an interval, by the version that the relay has", () => {
  const list = at(3);
  expect(list.receive(query(3), 5_000, NOW + 4_999)).toBeUndefined();
  expect(list.receive(query(-1), 5_000, NOW + 5_000)).toMatchObject({ kind: "list", service: "s", known: 3 });
});

it("is not known before the first response", () => {
  expect(new RelayedList("s").snapshotFor(query(-1), NOW, NOW)).toBeUndefined();
});

it("is sent to isolates that have another version", () => {
  const list = at(3);
  expect(list.snapshotFor(query(-1), NOW + 10, NOW + 10)).toEqual(snapshot(3));
  expect(list.snapshotFor(query(2), NOW + 10, NOW + 10)).toEqual(snapshot(3));
  expect(list.snapshotFor(query(3), NOW + 10, NOW + 10)).toEqual({ kind: "unchanged", version: 3 });
});

it("does not replace a newer one, until the Durable Object itself has confirmed it", () => {
  const list = at(3);
  expect(list.snapshotFor(query(4), NOW + 10, NOW + 10)).toEqual({ kind: "unchanged", version: 4 });
  const request = list.receive(query(4), 5_000, NOW + 5_000)!;
  list.apply(request, { kind: "unchanged", version: 3 });
  expect(list.snapshotFor(query(4), NOW + 5_000, NOW + 5_080)).toEqual(snapshot(3)); // version 4 is lost
});
