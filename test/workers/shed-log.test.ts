import { afterEach, expect, it, vi } from "vitest";
import { type ShedCall, shedLog } from "../../workers/shed-log.ts";

afterEach(() => vi.restoreAllMocks());

const CALL: ShedCall = { point: "isolate", reason: "full", enforced: true, requestId: "r-0", route: "a.v1.A/Get" };

it("logs the first call at once, then at most one record a second, with the number of calls since the last record", () => {
  const warn = vi.spyOn(console, "warn").mockReturnValue();
  const log = shedLog();
  log(CALL, 5_000);
  for (let n = 1; n <= 9; n++) log({ ...CALL, requestId: `r-${n}` }, 5_999);
  log({ ...CALL, reason: "late", requestId: "r-10" }, 6_000);
  const records = warn.mock.calls.map(([line]) => JSON.parse(line as string) as unknown);
  expect(records).toEqual([
    { level: "warn", event: "calls_shed", ...CALL, calls: 1 },
    { level: "warn", event: "calls_shed", ...CALL, reason: "late", requestId: "r-10", calls: 10 },
  ]);
});

it("samples each log by itself", () => {
  const warn = vi.spyOn(console, "warn").mockReturnValue();
  const [isolate, route] = [shedLog(), shedLog()];
  isolate(CALL, 5_000);
  route({ ...CALL, point: "route a.v1.A/Get", enforced: false }, 5_000);
  expect(warn.mock.calls.map(([line]) => (JSON.parse(line as string) as ShedCall).point)).toEqual(["isolate", "route a.v1.A/Get"]);
});
