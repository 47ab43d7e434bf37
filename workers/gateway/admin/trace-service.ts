// TraceService, by which traces of calls are read.
import { create, type DescMethod, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { timestampFromMs, ValueSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createServiceImplSpec, type ServiceImpl } from "@connectrpc/connect";
import type { StepOutcome, TracedStep, TracedValue, TraceRecord } from "../../../core/explain/trace-record.ts";
import { isRequestId } from "../../../core/trace.ts";
import type { AuditLog } from "../../../durable-objects/audit-log.ts";
import { GetTraceResponseSchema, StepOutcome as Outcome, TraceService } from "../../../protos/gen/tidegate/control/v1/trace_pb.ts";
import { logEvent } from "../../log.ts";
import type { AdminAccess } from "../layers/admin-access.ts";
import { findTrace } from "../trace/isolate-traces.ts";
import type { ServedMethod } from "../upstream/upstream.ts";
import { servedToAdmins } from "./served.ts";

/** The methods of TraceService. */
export function traceMethods(logs: DurableObjectNamespace<AuditLog>, access: AdminAccess): ReadonlyMap<DescMethod, ServedMethod> {
  return servedToAdmins("traces", createServiceImplSpec<typeof TraceService>(TraceService, traceService(logs)), access);
}

function traceService(logs: DurableObjectNamespace<AuditLog>): ServiceImpl<typeof TraceService> {
  return {
    async getTrace({ requestId }) {
      if (!isRequestId(requestId)) throw new ConnectError("request_id: write x-request-id of the response", Code.InvalidArgument);
      const text = await stored(requestId, logs);
      if (text === undefined)
        throw new ConnectError(
          `no trace of request ${requestId}: it is kept for a minute, and made of calls with tidegate-trace`,
          Code.NotFound,
        );
      return create(GetTraceResponseSchema, { trace: messageOf(JSON.parse(text) as TraceRecord) }); // only the gateway writes traces
    },
  };
}

/** @throws ConnectError `unavailable` where the log cannot be read */
async function stored(requestId: string, logs: DurableObjectNamespace<AuditLog>): Promise<string | undefined> {
  try {
    return await findTrace(requestId, logs);
  } catch (error) {
    logEvent("trace_failed", { requestId, error });
    throw new ConnectError("traces cannot be read; try again", Code.Unavailable);
  }
}

const OUTCOMES: Readonly<Record<StepOutcome, Outcome>> = {
  passed: Outcome.PASSED,
  retried: Outcome.RETRIED,
  responded: Outcome.RESPONDED,
  refused: Outcome.REFUSED,
  failed: Outcome.FAILED,
};

function messageOf({ at, isTruncated: truncated, steps, ...facts }: TraceRecord) {
  return { ...facts, time: timestampFromMs(at), truncated, steps: steps.map(stepOf) };
}

function stepOf({ outcome, values, settings, ...facts }: TracedStep) {
  return { ...facts, outcome: OUTCOMES[outcome], values: values.map(shownOf), settings: settings.map(shownOf) };
}

function shownOf({ name, value, source }: TracedValue) {
  return { name, value: fromJson(ValueSchema, value as JsonValue), source };
}
