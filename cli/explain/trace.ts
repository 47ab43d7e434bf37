// `tidegate trace`: makes one call, and shows what each layer of the gateway did with it.
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { toJson } from "@bufbuild/protobuf";
import { timestampMs, ValueSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ShownValue } from "../../core/explain/setting-value.ts";
import type { StepOutcome, TracedStep, TraceRecord } from "../../core/explain/trace-record.ts";
import { traceLines } from "../../core/explain/trace-text.ts";
import { TRACE_HEADER } from "../../core/headers.ts";
import {
  StepOutcome as Outcome,
  type Trace,
  TraceService,
  type TraceStep,
  type TraceValue,
} from "../../protos/gen/tidegate/control/v1/trace_pb.ts";
import { adminToken, callFailure, codeOf, gatewayClient } from "../admin/gateway-client.ts";
import type { Context } from "../tidegate/context.ts";
import { Failure, wrongUsage } from "../tidegate/failure.ts";
import { colors, requestOf, type WrittenRequest } from "./request.ts";

export interface TraceFlags {
  readonly gateway: string;
  readonly admin?: string | undefined; // origin of the admin services, where they have a host of their own
  readonly data?: string | undefined;
  readonly header?: readonly string[] | undefined;
}

const CALL_TIMEOUT_MS = 60_000;
const STORED_WITHIN_MS = 10_000; // the trace is stored after the response
const PAUSE_MS = 100;

export async function trace(context: Context, flags: TraceFlags, words: readonly string[]): Promise<void> {
  const request = requestOf(words, "trace");
  const token = adminToken(context.env);
  const requestId = randomUUID();
  context.progress(`calling ${flags.gateway} ...`);
  const response = await called(flags, request, requestId, token);
  context.progress("reading the trace ...");
  const record = recordOf(await found(flags.admin ?? flags.gateway, requestId, token, response.headers.has("x-request-id")));
  context.print(record, `${traceLines(record, colors(context.hasColor)).join("\n")}\n`);
}

async function called(
  { gateway, data, header = [] }: TraceFlags,
  request: WrittenRequest,
  requestId: string,
  token: string,
): Promise<Response> {
  const { method, path, isRpc } = request;
  const body = data ?? (isRpc ? "{}" : undefined);
  const headers = new Headers(body === undefined ? {} : { "content-type": "application/json" });
  for (const line of header) {
    const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined) throw wrongUsage(`--header: found "${line}"`, "trace", "write 'name: value'");
    headers.set(name, value!);
  }
  headers.set("x-request-id", requestId);
  headers.set(TRACE_HEADER, token);
  try {
    const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const response = await fetch(new URL(path, gateway), {
      method,
      headers,
      redirect: "manual",
      signal,
      ...(body !== undefined && { body }),
    });
    await response.body?.cancel(); // the trace ends where the response begins
    return response;
  } catch (error) {
    throw callFailure(error, gateway);
  }
}

/** @throws Failure where there is no trace in time */
async function found(admin: string, requestId: string, token: string, wasHandled: boolean): Promise<Trace> {
  const client = gatewayClient(TraceService, admin, token);
  const until = Date.now() + STORED_WITHIN_MS;
  for (;;) {
    try {
      const { trace: stored } = await client.getTrace({ requestId });
      if (stored !== undefined) return stored;
    } catch (error) {
      if (codeOf(error) !== Code.NotFound) throw callFailure(error, admin, "admin: { secretBinding: ... }");
    }
    if (!wasHandled) throw new Failure({ what: "the Worker has responded itself, before any layer", fix: "`tidegate explain` says why" });
    if (Date.now() >= until) throw new Failure({ what: `found no trace of request ${requestId}`, fix: TOKEN_FIX });
    await wait(PAUSE_MS);
  }
}

const TOKEN_FIX = "set ADMIN_TOKEN to the secret of admin.secretBinding, or to an API key with the scope admin:operator";

const OUTCOMES: Readonly<Record<Outcome, StepOutcome>> = {
  [Outcome.UNSPECIFIED]: "passed",
  [Outcome.PASSED]: "passed",
  [Outcome.RETRIED]: "retried",
  [Outcome.RESPONDED]: "responded",
  [Outcome.REFUSED]: "refused",
  [Outcome.FAILED]: "failed",
};

function recordOf({ requestId, time, route, httpMethod, protocol, status, durationMs, truncated, steps }: Trace): TraceRecord {
  const at = time === undefined ? 0 : timestampMs(time);
  return { requestId, at, route, httpMethod, protocol, status, durationMs, isTruncated: truncated, steps: steps.map(stepOf) };
}

function stepOf({ layer, isAttempt, attempt, outcome, reason, startMs, selfMs, values, settings }: TraceStep): TracedStep {
  const facts = { layer, isAttempt, attempt, outcome: OUTCOMES[outcome] ?? "passed", reason, startMs, selfMs };
  return { ...facts, values: values.map(shownOf), settings: settings.map(shownOf) };
}

function shownOf({ name, value, source }: TraceValue) {
  return { name, value: (value === undefined ? null : toJson(ValueSchema, value)) as ShownValue, source };
}
