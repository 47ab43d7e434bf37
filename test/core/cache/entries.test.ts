// What an entry occupies, how long it is kept, and how it is validated and cut into ranges.
import { describe, expect, it } from "vitest";
import { cacheStatus } from "../../../core/cache/headers/cache-status.ts";
import { selectRange } from "../../../core/cache/headers/range.ts";
import { conditionalHeaders, headerOf, isNotModified, isSentWithNotModified, updatedHeaders } from "../../../core/cache/revalidation.ts";
import { type StoredResponse, storedBytes, storedUntil } from "../../../core/cache/stored-response.ts";

const NOW = Date.UTC(2026, 10, 25);
const DATE = new Date(NOW - 5_000).toUTCString();
const ENTRY: StoredResponse = {
  ...{
    status: 200,
    headers: [
      ["etag", '"a"'],
      ["x-a", "bc"],
    ],
    body: new Uint8Array(100),
    storedAt: 1,
    generatedAt: 1,
    freshUntil: 10,
  },
  ...{
    staleUntil: 11,
    staleIfErrorUntil: 12,
    revalidatableUntil: 0,
    fetchMs: 1,
    unchangedCount: 0,
    tags: ["t", "uu"],
    route: "r",
    purgeSeq: 1,
  },
};
const fields = (record: Readonly<Record<string, string>>) => ({ get: (name: string) => record[name] ?? null });

describe("an entry", () => {
  it("is kept until the last of its times", () => {
    const times = { freshUntil: 1, staleUntil: 1, staleIfErrorUntil: 1, revalidatableUntil: 1 };
    for (const name of Object.keys(times)) expect(storedUntil({ ...ENTRY, ...times, [name]: 9 })).toBe(9);
  });

  it("occupies its key, its whole buffer, its fields and its tags", () => {
    expect(storedBytes("key", ENTRY)).toBe(900 + 6 + 100 + (80 + 4 + 3) + (80 + 3 + 2) + (80 + 1) + (80 + 2));
    const part = new Uint8Array(new ArrayBuffer(1_000), 10, 5);
    expect(storedBytes("", { ...ENTRY, headers: [], tags: [], body: part })).toBe(1_900);
  });
});

describe("validation", () => {
  it("asks by the validators that there are", () => {
    expect([headerOf(ENTRY, "x-a"), headerOf(ENTRY, "none")]).toEqual(["bc", null]);
    expect(conditionalHeaders(ENTRY)).toEqual([["if-none-match", '"a"']]);
    expect(conditionalHeaders({ ...ENTRY, headers: [["last-modified", DATE]] })).toEqual([["if-modified-since", DATE]]);
    expect(conditionalHeaders({ ...ENTRY, headers: [] })).toEqual([]);
  });

  it("takes over what a 304 says, but for what describes the body, and drops the old date", () => {
    const entry = {
      ...ENTRY,
      headers: [
        ["date", "old"],
        ["x-a", "1"],
        ["etag", '"a"'],
        ["content-length", "100"],
      ] as [string, string][],
    };
    const confirmed: [string, string][] = [
      ["x-a", "2"],
      ["x-b", "3"],
    ];
    const body: [string, string][] = ["content-encoding", "content-length", "content-md5", "content-range", "etag"].map((name) => [
      name,
      "new",
    ]);
    expect(updatedHeaders(entry, [...confirmed, ...body])).toEqual([
      ["etag", '"a"'],
      ["content-length", "100"],
      ["x-a", "2"],
      ["x-b", "3"],
    ]);
  });

  it("knows callers that have the response already, by tag before date, and of 200 alone", () => {
    const is = (request: Record<string, string>, answer: Record<string, string>, status = 200) =>
      isNotModified(fields(request), status, fields(answer), NOW);
    expect([
      is({ "if-none-match": '"a"' }, { etag: '"a"' }),
      is({ "if-none-match": 'W/"a"' }, { etag: '"a"' }),
      is({ "if-none-match": '"b", "a"' }, { etag: 'W/"a"' }),
    ]).toEqual([true, true, true]);
    expect([
      is({ "if-none-match": '"b"' }, { etag: '"a"' }),
      is({ "if-none-match": '"a"' }, {}),
      is({ "if-none-match": " * " }, {}),
      is({ "if-none-match": '"a"' }, { etag: '"a"' }, 404),
    ]).toEqual([false, false, true, false]);
    const since = (text: string, modified = DATE) => is({ "if-modified-since": text }, { "last-modified": modified });
    expect([
      since(DATE),
      since(new Date(NOW).toUTCString()),
      since(new Date(NOW - 6_000).toUTCString()),
      since("x"),
      since(DATE, "x"),
    ]).toEqual([true, true, false, false, false]);
    expect(is({ "if-none-match": '"b"', "if-modified-since": DATE }, { etag: '"a"', "last-modified": DATE })).toBe(false);
    expect(is({}, { etag: '"a"' })).toBe(false);
    expect(["content-length", "content-encoding", "content-type", "content-range", "etag"].map(isSentWithNotModified)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
  });
});

describe("a range", () => {
  const range = (text: string, request: Record<string, string> = {}, answer: Record<string, string> = {}) =>
    selectRange(fields({ range: text, ...request }), fields(answer), 100, NOW);
  const part = (start: number, end: number) => ({ kind: "part", start, end });

  it.each([
    ["bytes=0-9", part(0, 10)],
    ["bytes=90-", part(90, 100)],
    ["bytes=-5", part(95, 100)],
    ["bytes=-500", part(0, 100)],
    ["bytes=50-500", part(50, 100)],
    ["BYTES= 0-0 ", part(0, 1)],
    ["bytes=99-99", part(99, 100)],
    ["bytes=100-", { kind: "unsatisfiable" }],
    ["bytes=-0", { kind: "unsatisfiable" }],
    ["bytes=9-8", { kind: "whole" }],
    ["bytes=9-9", part(9, 10)],
    ["bytes=0-1,5-6", { kind: "whole" }],
    ["items=0-1", { kind: "whole" }],
    ["bytes=-", { kind: "whole" }],
    ["bytes=0-9x", { kind: "whole" }],
  ])("of %s is %j", (text, want) => expect(range(text)).toEqual(want));

  it("holds for the response that the caller knows", () => {
    const is = (ifRange: string, answer: Record<string, string>) => range("bytes=0-9", { "if-range": ifRange }, answer).kind;
    expect([is('"a"', { etag: '"a"' }), is('"b"', { etag: '"a"' }), is('W/"a"', { etag: 'W/"a"' })]).toEqual(["part", "whole", "whole"]);
    expect([
      is(DATE, { "last-modified": DATE }),
      is(DATE, { "last-modified": new Date(NOW).toUTCString() }),
      is("x", { "last-modified": "x" }),
    ]).toEqual(["part", "whole", "whole"]);
    expect(selectRange(fields({}), fields({}), 100, NOW)).toEqual({ kind: "whole" });
  });
});

it("says in Cache-Status what the cache did", () => {
  expect(cacheStatus({})).toBe("tidegate");
  expect(cacheStatus({ isHit: true, ttl: -3 })).toBe("tidegate; hit; ttl=-3");
  expect(cacheStatus({ fwd: "stale", fwdStatus: 304, isStored: true, isCollapsed: true, detail: "x" })).toBe(
    "tidegate; fwd=stale; fwd-status=304; stored; collapsed; detail=x",
  );
});
