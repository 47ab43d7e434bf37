// GET /metrics: all that the gateway measures, over all isolates and regions, in the format that the scraper accepts.
import { CONTENT_TYPES, type ExpositionFormat, formatFor } from "../../../core/metrics/exposition/negotiate.ts";
import { writeProtobuf } from "../../../core/metrics/exposition/protobuf.ts";
import type { MetricsSnapshot } from "../../../core/metrics/exposition/snapshot.ts";
import { type RecordedMetrics, snapshotOf } from "../../../core/metrics/exposition/snapshot-of.ts";
import { writeText } from "../../../core/metrics/exposition/text.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { Handler } from "../call/layer.ts";
import { madeHere } from "../call/outcome.ts";

export const METRICS_PATH = "/metrics";
/** Largest response before compression, characters or bytes. */
const MAX_LENGTH = 16_777_216;
/** Name by which a refusal mentions what did not respond. */
const SOURCE = "metrics";

/**
 * @param read       requests everything from the object of the metrics; rejects in time where that does not respond
 * @param compresses false under `npm start`: there the field of a request is not the one that the scraper has sent
 */
export function metricsPage(read: () => Promise<RecordedMetrics>, compresses = true): Handler {
  return async (call) => {
    const { method, headers } = call.request;
    if (method !== "GET" && method !== "HEAD") throw new Rejected({ kind: "method_not_allowed", method, allow: ["GET", "HEAD"] });
    const format = formatFor(headers.get("accept"));
    const body = method === "HEAD" ? null : written(snapshotOf(await recorded(read)), format);
    const sent = new Headers({ "content-type": CONTENT_TYPES[format], "cache-control": "no-store", vary: "accept, accept-encoding" });
    // The runtime compresses the body then.
    if (compresses && /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(headers.get("accept-encoding") ?? ""))
      sent.set("content-encoding", "gzip");
    return madeHere(call, "document", new Response(body, { headers: sent }));
  };
}

function written(snapshot: MetricsSnapshot, format: ExpositionFormat): string | Uint8Array<ArrayBuffer> {
  const { body } = format === "protobuf" ? writeProtobuf(snapshot, MAX_LENGTH) : writeText(snapshot, format, MAX_LENGTH);
  return body;
}

/** @throws Rejected where they cannot be read */
async function recorded(read: () => Promise<RecordedMetrics>): Promise<RecordedMetrics> {
  try {
    return await read();
  } catch {
    throw new Rejected({ kind: "upstream_unreachable", upstream: SOURCE, wasSent: false }); // the log has the error
  }
}
