// `tidegate top`: what the gateway does at present, from the figures of the last seconds.
import { setTimeout as wait } from "node:timers/promises";
import { toJson } from "@bufbuild/protobuf";
import { type Summary, SummarySchema, TelemetryService } from "../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { callFailure, gatewayClient, viewerToken } from "../admin/gateway-client.ts";
import type { Context } from "../tidegate/context.ts";
import { wrongUsage } from "../tidegate/failure.ts";
import { tableText } from "../tidegate/table.ts";
import { DEFINITIONS, VIEWS, type View } from "./views.ts";

export interface TopOptions {
  readonly gateway: string;
  readonly window: number; // s
  readonly rows: number; // rows of each table
  readonly watch: boolean;
}

const INTERVAL_MS = 2_000; // between two summaries of --watch
const CLEAR_SCREEN = "\u001b[2J\u001b[H";

export async function top(
  context: Context,
  { gateway, window, rows, watch }: TopOptions,
  [written = ""]: readonly string[],
): Promise<void> {
  const view = VIEWS.find((name) => name === written);
  if (written !== "" && view === undefined) throw wrongUsage(`found "${written}"`, "top", `write one of ${VIEWS.join(", ")}`);
  const client = gatewayClient(TelemetryService, gateway, viewerToken(context.env, gateway));
  for (;;) {
    const summary = await client.getSummary({ windowSeconds: window }).catch((error: unknown) => {
      throw callFailure(error, gateway, "metrics: { enabled: true }");
    });
    const erase = watch && context.stdout.isTTY === true ? CLEAR_SCREEN : "";
    context.print(objectOf(summary, view), `${erase}${textOf(summary, view, rows)}`);
    if (!watch) return;
    await wait(INTERVAL_MS);
  }
}

/** The message as JSON, or the part of it that the view shows. */
function objectOf(summary: Summary, view: View | undefined): unknown {
  const { time, windowSeconds, total, limits, ...rest } = toJson(SummarySchema, summary, { alwaysEmitImplicit: true }) as Record<
    string,
    unknown
  >;
  if (view === undefined) return { time, windowSeconds, total, limits, ...rest };
  const { field } = DEFINITIONS[view];
  const around = view === "routes" ? { total } : view === "limits" ? { limits } : {};
  return { time, windowSeconds, ...around, [field]: rest[field] };
}

function textOf(summary: Summary, view: View | undefined, most: number): string {
  const tables = (view === undefined ? VIEWS : [view]).map((name) => {
    const { question, columns, rows, empty } = DEFINITIONS[name];
    const all = rows(summary);
    const shown = all.slice(0, most);
    const left = all.length > shown.length ? `${all.length - shown.length} more\n` : "";
    return `${question}:\n${all.length === 0 ? `  ${empty}\n` : indented(tableText([columns, ...shown]) + left)}`;
  });
  return `last ${Math.round(summary.windowSeconds)} s\n\n${tables.join("\n")}`;
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "  ");
}
