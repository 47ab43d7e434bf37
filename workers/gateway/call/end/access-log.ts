// The access log: one record for each call of the sample. Nothing of a body, no query and no credential is ever in it.
import { type CallOutcome, callOutcome } from "../../../../core/access-log/call-outcome.ts";
import type { LogField } from "../../../../core/access-log/log-fields.ts";
import type { LogPolicy } from "../../../../core/config/log.ts";
import { printable } from "../../../../core/protocol/printable.ts";
import { logEvent } from "../../../log.ts";
import type { Call } from "../../call.ts";
import type { CallObserver } from "./call-end.ts";
import { upstreamMsAt } from "./call-progress.ts";

type Value = string | number | null;

/** @returns undefined where no call gets a record: then the log costs nothing */
export function accessLog(policy: LogPolicy, random: () => number = Math.random): CallObserver | undefined {
  const percents: Readonly<Record<CallOutcome, number>> = {
    ok: policy.okPercent,
    slow: Math.max(policy.slowPercent, policy.okPercent), // a slow call is one that has succeeded, too
    refused: policy.refusedPercent,
    failed: policy.failedPercent,
  };
  if (Object.values(percents).every((percent) => percent === 0)) return undefined;
  return (call, status, now) => {
    const outcome = callOutcome(call.reason, call.code, now - call.receivedAt, policy.slowMs);
    const samplePercent = percents[outcome];
    if (samplePercent === 0 || (samplePercent < 100 && random() * 100 >= samplePercent)) return;
    logEvent("call", { outcome, samplePercent, ...recordOf(policy, call, status, now) });
  };
}

function recordOf({ fields, requestHeaders, maxValueLength }: LogPolicy, call: Call, status: number, now: number) {
  const record: Record<string, Value | readonly string[]> = {};
  for (const field of fields) {
    const value = factOf(field, call, status, now);
    record[field] = typeof value === "string" ? printable(value, maxValueLength) : value;
  }
  if (requestHeaders.length === 0) return record;
  record["headers"] = requestHeaders.flatMap((name) => {
    const value = call.request.headers.get(name);
    return value === null ? [] : [printable(`${name}: ${value}`, maxValueLength)];
  });
  return record;
}

function factOf(field: LogField, call: Call, status: number, now: number): Value {
  switch (field) {
    case "requestId":
      return call.id;
    case "route":
      return call.route.name;
    case "protocol":
      return call.protocol.kind;
    case "httpMethod":
      return call.request.method;
    case "path":
      return new URL(call.request.url).pathname;
    case "address":
      return call.caller.network;
    case "identity":
      return call.principal?.id ?? "";
    case "status":
      return status;
    case "code":
      return call.code;
    case "reason":
      return call.reason ?? null;
    case "durationMs":
      return now - call.receivedAt;
    case "upstreamMs":
      return upstreamMsAt(call, now);
    case "attempts":
      return call.attempts;
    case "upstream":
      return call.upstreamName;
    case "endpoint":
      return call.endpoint;
    case "cache":
      return call.cacheLevel;
  }
}
