// The access log: which calls get a record, and what never is in one.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LOG_FIELDS } from "../../../../../core/access-log/log-fields.ts";
import { LOG_SETTINGS, type LogPolicy } from "../../../../../core/config/log.ts";
import { defaultsOf } from "../../../../../core/config/setting.ts";
import { accessLog } from "../../../../../workers/gateway/call/end/access-log.ts";
import { NO_ROUTE } from "../../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../../workers/gateway/call.ts";

const DEFAULTS: LogPolicy = defaultsOf(LOG_SETTINGS);
const ALL = { okPercent: 100, refusedPercent: 100, failedPercent: 100, slowPercent: 100 };
let records: string[] = [];

beforeEach(() => {
  records = [];
  vi.spyOn(console, "info").mockImplementation((line: string) => void records.push(line));
});
afterEach(() => void vi.restoreAllMocks());

function callWith(facts: Partial<Call> = {}, url = "https://api.example/v1/users/7?token=hidden", headers: HeadersInit = {}): Call {
  const call = new Call(new Request(url, { headers }), { kind: "rest" }, NO_ROUTE, "/v1/users/7", "?token=hidden", 1_000);
  return Object.assign(call, { id: "r1", code: "ok", ...facts });
}

function written(policy: Partial<LogPolicy>, call: Call, status = 200, now = 1_250, random = 0): Record<string, unknown>[] {
  accessLog({ ...DEFAULTS, ...policy }, () => random)?.(call, status, now);
  return records.map((line) => JSON.parse(line) as Record<string, unknown>);
}

it("is off, and then no observer at all, where no outcome is sampled", () => {
  expect(accessLog({ ...DEFAULTS, failedPercent: 0 })).toBeUndefined();
});

it.each([
  ["ok", { okPercent: 50 }, {}],
  ["slow", { slowPercent: 50, slowMs: 200 }, {}],
  ["refused", { refusedPercent: 50 }, { reason: "rate_limited", code: "resource_exhausted" } as const],
  ["failed", { failedPercent: 50 }, { reason: "breaker_open", code: "unavailable" } as const],
])("writes a sample of calls that are %s", (outcome, policy, facts) => {
  const off = { failedPercent: 0 };
  expect(written({ ...off, ...policy }, callWith(facts), 200, 1_250, 0.5)).toEqual([]);
  expect(written({ ...off, ...policy }, callWith(facts), 200, 1_250, 0.49)).toMatchObject([{ event: "call", outcome, samplePercent: 50 }]);
});

it("has the facts of the call", () => {
  const facts = { attempts: 2, upstreamName: "users", endpoint: "USERS", upstreamMs: 200, cacheLevel: "miss" as const };
  expect(written({ ...ALL, fields: [...LOG_FIELDS] }, callWith(facts))).toEqual([
    {
      ...{
        level: "info",
        event: "call",
        outcome: "ok",
        samplePercent: 100,
        requestId: "r1",
        route: "",
        protocol: "rest",
        httpMethod: "GET",
      },
      ...{ path: "/v1/users/7", address: "unknown", identity: "", status: 200, code: "ok", reason: null, durationMs: 250, upstreamMs: 200 },
      ...{ attempts: 2, upstream: "users", endpoint: "USERS", cache: "miss" },
    },
  ]);
});

it("has only the fields and headers that are listed, cut, and never a query", () => {
  const call = callWith({}, undefined, { "user-agent": `\u00e4${"x".repeat(100)}`, authorization: "Bearer hidden", cookie: "hidden=1" });
  const [record] = written({ ...ALL, fields: ["route", "path"], requestHeaders: ["user-agent", "referer"], maxValueLength: 16 }, call);
  expect(Object.keys(record!)).toEqual(["level", "event", "outcome", "samplePercent", "route", "path", "headers"]);
  expect(record!["headers"]).toEqual(["user-agent: \\u{e..."]);
  written({ ...ALL, fields: [...LOG_FIELDS], requestHeaders: ["user-agent"] }, call);
  expect(records.join()).not.toContain("hidden");
});
