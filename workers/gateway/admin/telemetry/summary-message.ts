// The figures of the last seconds as a message.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { SummaryFigures, TrafficFigures } from "../../../../core/telemetry/summary/figures.ts";
import type { SummarySchema } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";

export function summaryMessage(figures: SummaryFigures): MessageInitShape<typeof SummarySchema> {
  const { time, windowSeconds, total, totals } = figures;
  return {
    ...{ time: timestampFromMs(time), windowSeconds, total: trafficMessage(total) },
    routes: figures.routes.map(({ route, traffic }) => ({ route, traffic: trafficMessage(traffic) })),
    endpoints: [...figures.endpoints],
    limits: figures.limits.map(inWhole),
    hotKeys: figures.hotKeys.map(inWhole),
    caches: figures.caches.map(inWhole),
    breakers: figures.breakers.map(({ refused, ...state }) => ({ ...state, refused: BigInt(refused) })),
    reasons: figures.reasons.map(inWhole),
    configurations: figures.configurations.map(({ version, ...running }) => ({ ...running, version: BigInt(version) })),
    totals: inWhole(totals),
  };
}

function trafficMessage({ codes, inFlight, ...traffic }: TrafficFigures) {
  return { ...traffic, codes: codes.map(inWhole), inFlight: BigInt(inFlight) };
}

type Whole<T> = { [Field in keyof T]: T[Field] extends number ? bigint : T[Field] };

/** All numbers of a record as whole ones of a message. */
function inWhole<T extends object>(fields: T): Whole<T> {
  const entries = Object.entries(fields).map(([name, value]) => [name, typeof value === "number" ? BigInt(value) : value] as const);
  return Object.fromEntries(entries) as Whole<T>; // TypeScript does not follow entries
}
