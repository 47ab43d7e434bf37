// How many relays a region needs, estimated by a single one of them.
import { describe, expect, it } from "vitest";
import { FIRST_SHARDS, RelayLoad } from "../../../core/exchange/relay-load.ts";

const START = 1_000_000;
const WARM = START + 60_000;

const choice = (isolate: string, shards: number, intervalMs = 5_000, isFirst = false) => ({ isolate, shards, isFirst, intervalMs });

/** @returns the count that the relay has in the end, after several rounds of exchanges of isolates with it */
function settled(isolates: number, shards: number, intervalMs = 5_000, load = new RelayLoad(START), from = WARM): number {
  let count = 0;
  for (let round = 0; round < 4; round++)
    for (let n = 0; n < isolates; n++)
      count = load.receive(choice(`i${n}`, shards, intervalMs), from + round * intervalMs + (n * intervalMs) / isolates);
  return count;
}

describe("the load of a relay", () => {
  it("needs one relay while one is enough, and for twice as many where it is not", () => {
    expect([settled(1, 1), settled(600, 1), settled(601, 1), settled(1_201, 1), settled(4_000, 1)]).toEqual([1, 1, 2, 4, 8]);
  });

  it("counts each isolate for as many as its choice stands for", () => {
    expect([settled(500, 8), settled(500, 2), settled(1, FIRST_SHARDS)]).toEqual([8, 2, 1]);
  });

  it("plans by exchanges, not by isolates: a shorter interval needs more relays", () => {
    expect([settled(500, 1, 1_000), settled(500, 1, 60_000)]).toEqual([8, 1]);
  });

  it("halves the number only when half of them have been enough for 15 s", () => {
    const load = new RelayLoad(START);
    expect(settled(620, 1, 5_000, load)).toBe(2);
    expect(settled(290, 2, 5_000, load, WARM + 20_000)).toBe(2); // half of them would be nearly full
    expect(settled(200, 2, 5_000, load, WARM + 40_000)).toBe(2);
    expect(settled(200, 2, 5_000, load, WARM + 60_000)).toBe(1);
  });

  it("does not halve it when isolates come back after a pause of all of them", () => {
    const load = new RelayLoad(START);
    expect(settled(600, 8, 5_000, load)).toBe(8);
    expect(load.receive(choice("one", 8), WARM + 600_000)).toBe(8);
  });

  it("sends no isolate to fewer relays just after it has started, but first ones to as few as are needed", () => {
    const load = new RelayLoad(WARM);
    expect([load.receive(choice("i", 8), WARM), load.receive(choice("i", 8), WARM + 14_999)]).toEqual([8, 8]);
    expect(new RelayLoad(WARM).receive(choice("first", FIRST_SHARDS, 5_000, true), WARM)).toBe(1);
  });

  it("goes by the rate of arrivals just after it has started", () => {
    const load = new RelayLoad(WARM);
    let count = 0;
    for (let n = 0; n < 25; n++) count = load.receive(choice(`i${n}`, FIRST_SHARDS, 5_000, true), WARM + n * 4);
    expect(count).toBe(16);
  });

  it("goes by it for 5 s: from then on fewer relays may be enough", () => {
    const load = new RelayLoad(WARM);
    const receive = (id: string, atMs: number): number => load.receive(choice(id, 1, 60_000, true), WARM + atMs);
    for (let n = 0; n < 620; n++) receive(`i${n}`, n * 8);
    expect([receive("x", 4_999), receive("x", 5_000), receive("x", 19_999), receive("x", 20_000)]).toEqual([2, 2, 2, 1]);
  });

  it("lets isolates exchange every second while breakers change, as long as that is no more than 150 a second", () => {
    const load = new RelayLoad(START);
    settled(100, 1, 5_000, load);
    expect([load.nextMs(5_000, true), load.nextMs(5_000, false), load.nextMs(500, false)]).toEqual([5_000, 1_000, 500]);
    settled(450, 1, 5_000, load);
    expect([load.nextMs(5_000, true), load.nextMs(5_000, false)]).toEqual([5_000, 3_000]);
    expect(load.earlyMs).toBe(3_750);
  });

  it("lengthens the interval where there are more isolates than it can serve", () => {
    const load = new RelayLoad(START);
    settled(2_500, 8, 5_000, load);
    expect(load.nextMs(5_000, true)).toBe(10_000);
  });

  it("forgets isolates that are gone, and remembers five thousand", () => {
    const load = new RelayLoad(START);
    for (let n = 0; n < 6_000; n++) load.receive(choice(`i${n}`, 1), WARM);
    expect(load.isolates).toBe(5_000);
    load.receive(choice("later", 1), WARM + 15_000);
    expect(load.isolates).toBe(1);
  });
});
