// Which reports are missing: by isolate, whichever way and in whatever order they came.
import { expect, it } from "vitest";
import { ReportCounts } from "../../../core/telemetry/report-counts.ts";

it("counts what is missing in the sequence of each isolate", () => {
  const counts = new ReportCounts();
  counts.add({ boot: "a", last: 3, received: 3 });
  expect(counts.lost).toBe(0);
  counts.add({ boot: "a", last: 6, received: 1 });
  counts.add({ boot: "b", last: 2, received: 1 });
  expect(counts.lost).toBe(3);
});

it("no longer counts one that arrives late, over another relay", () => {
  const counts = new ReportCounts();
  counts.add({ boot: "a", last: 4, received: 1 });
  expect(counts.lost).toBe(3);
  counts.add({ boot: "a", last: 3, received: 3 });
  expect(counts.lost).toBe(0);
});

it("survives storage", () => {
  const counts = new ReportCounts();
  counts.add({ boot: "a", last: 4, received: 1 });
  const restored = new ReportCounts(JSON.parse(JSON.stringify(counts.state())));
  restored.add({ boot: "a", last: 5, received: 1 });
  expect(restored.lost).toBe(3);
});

it("keeps the losses of isolates that it forgets, and takes none that comes back for a new one", () => {
  const counts = new ReportCounts(undefined, 2);
  counts.add({ boot: "a", last: 4, received: 1 });
  counts.add({ boot: "b", last: 1, received: 1 });
  counts.add({ boot: "c", last: 1, received: 1 });
  expect(counts.state().isolates.map(([boot]) => boot)).toEqual(["b", "c"]);
  counts.add({ boot: "a", last: 6, received: 2 });
  expect(counts.lost).toBe(3);
});
