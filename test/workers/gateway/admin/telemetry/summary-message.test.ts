// Figures as a message: whole numbers are of 64 bits, rates and times are not.
import { create, toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { summaryOf } from "../../../../../core/telemetry/summary/summary.ts";
import { SummarySchema } from "../../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { summaryMessage } from "../../../../../workers/gateway/admin/telemetry/summary-message.ts";

it("has every list of the figures, and can be sent", () => {
  const series = [
    { metric: "tidegate_calls", labels: ["r", "connect", "POST", "unavailable", "breaker_open"], value: 15 },
    { metric: "tidegate_attempt_duration", labels: ["u", "e", "ok"], histogram: { zeros: 0, sum: 4, offset: -500, counts: [4] } },
    { metric: "tidegate_policy_decisions", labels: ["rate_limit", "rule", "r", "refused"], value: 3 },
    { metric: "tidegate_cache_lookups", labels: ["r", "l1"], value: 6 },
    { metric: "tidegate_kv_reads", labels: ["CACHE"], value: 8 },
  ];
  const gauges = [
    { metric: "tidegate_breaker_state", labels: ["u", "e", "local", "open"], value: 2 },
    { metric: "tidegate_configuration", labels: ["4", "abc"], value: 1 },
  ];
  const hotKeys = [{ rule: "rule", hash: "00000000000000aa", allowed: 1, refused: 2 }];
  const message = create(SummarySchema, summaryMessage(summaryOf({ ms: 10_000, series, hotKeys }, gauges, 5_000)));
  expect(toBinary(SummarySchema, message).length).toBeGreaterThan(100);
  expect(message).toMatchObject({
    total: { rate: 1.5, errorRatio: 1, codes: [{ code: "unavailable", count: 15n }] },
    endpoints: [{ upstream: "u", endpoint: "e", rate: 0.4 }],
    limits: [{ rule: "rule", refused: 3n }],
    hotKeys: [{ hash: "00000000000000aa", refused: 2n }],
    caches: [{ route: "r", l1Hits: 6n }],
    breakers: [{ upstream: "u", endpoint: "e", openIsolates: 2, sharedState: "closed", refused: 0n }],
    reasons: [{ reason: "breaker_open", count: 15n }],
    configurations: [{ digest: "abc", version: 4n, isolates: 1 }],
    totals: { kvReads: 8n },
  });
});
