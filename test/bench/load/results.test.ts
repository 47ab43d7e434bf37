import { describe, expect, it } from "vitest";
import { decisionsOn, heyResult, type LoadResult, scriptResult } from "../../../bench/load/results.ts";

const RESULT: LoadResult = {
  requests: 10_000,
  seconds: 6,
  p95Ms: 8.5,
  serverErrors: 0,
  unavailable: 0,
  refused: 0,
  timeouts: 0,
  broken: 0,
};

describe("scriptResult", () => {
  it("reads the line that the scripts print, among others", () => {
    expect(scriptResult(`Running 6s test\nRESULT ${JSON.stringify(RESULT)}\nRequests/sec: 1\n`)).toEqual(RESULT);
    expect(scriptResult("unable to connect")).toBeUndefined();
  });
});

describe("heyResult", () => {
  const summary = (...lines: string[]) =>
    ["Summary:", "  Total:\t10.0000 secs", "  Requests/sec:\t99", "Latency distribution:", "  95%% in 0.0123 secs", ...lines].join("\n");

  it("counts responses by status, and failures by their text", () => {
    const output = summary(
      "Status code distribution:",
      "  [200]\t90 responses",
      "  [429]\t3 responses",
      "  [500]\t2 responses",
      "  [503]\t1 responses",
      "",
      "Error distribution:",
      '  [3]\tGet "http://127.0.0.1:1/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
      '  [1]\tGet "http://127.0.0.1:1/": EOF',
    );
    expect(heyResult(output)).toEqual({
      requests: 100,
      seconds: 10,
      p95Ms: 12.3,
      serverErrors: 3,
      unavailable: 1,
      refused: 3,
      timeouts: 3,
      broken: 1,
    });
  });

  it("is undefined for what is no summary", () => {
    expect(heyResult("go: module not found")).toBeUndefined();
    expect(heyResult(summary())).toBeUndefined();
  });
});

describe("decisionsOn", () => {
  it.each([
    ["5xx", { serverErrors: 9 }, { serverErrors: 10 }],
    ["timeouts", { timeouts: 49 }, { timeouts: 50 }],
    ["503, with all calls refused by breakers", { unavailable: 99 }, { unavailable: 100 }],
    ["4xx and broken connections", { refused: 5, broken: 4 }, { refused: 5, broken: 5 }],
  ])("meets the goal for %s below its share alone", (what, below, at) => {
    const isMet = (changes: Partial<LoadResult>) =>
      decisionsOn({ ...RESULT, ...changes }).find(({ text }) => text.startsWith(`${what}:`))!.isMet;
    expect([isMet(below), isMet(at)]).toEqual([true, false]);
  });

  it("meets nothing without requests", () => {
    expect(decisionsOn({ ...RESULT, requests: 0 }).some(({ isMet }) => isMet)).toBe(false);
    expect(decisionsOn({ ...RESULT, timeouts: 20 })[1]?.text).toBe("timeouts: 0.200 %, goal below 0.5 %: met");
  });
});
