// TelemetryService.Tap: one viewer of calls as they end. Events of this isolate come at once, those of all others through Durable Objects.
import { waitUntil } from "cloudflare:workers";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { TELEMETRY_NAME } from "../../../../core/exchange/metrics/metrics-messages.ts";
import type { IsolateTap } from "../../../../core/tap/isolate-tap.ts";
import {
  MAX_TAP_FILTERS,
  MAX_TAP_TEXT,
  TAP_LIFE_MS,
  type TapConditions,
  type TapEventRecord,
  type TapEvents,
} from "../../../../core/tap/tap-messages.ts";
import type { TapQuery, TapReading } from "../../../../core/tap/tap-sessions.ts";
import { type TapEvent, TapEventSchema, type TapRequest } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { logEvent } from "../../../log.ts";
import { inTime } from "./in-time.ts";

/** What is used of the Durable Object of all metrics. */
export interface TapObjects {
  getByName(name: string): { readTap(query: TapQuery): Promise<TapReading>; endTap(id: string): Promise<void> };
}

const READ_MS = 1_000; // between two readings
const QUIET_MS = 5_000; // an event without a call says that the stream is open
const NO_EVENTS: TapEvents = { events: [], skipped: {} };
const MAX_FAILURES = 30; // readings in a row: then the viewer starts again

/** @param objects undefined where wrangler.toml has no TELEMETRY: then viewers see the calls of the isolate that serves them */
export function tapCalls(tap: IsolateTap, objects: TapObjects | undefined) {
  return async function* (request: TapRequest, { signal }: HandlerContext): AsyncGenerator<TapEvent> {
    const conditions = conditionsOf(request);
    const startedAt = Date.now();
    const query = { id: crypto.randomUUID(), conditions, endsAt: startedAt + TAP_LIFE_MS };
    const takeOwn = tap.watch(query.id, conditions, query.endsAt, startedAt);
    let failures = 0;
    let skipped = 0; // since the last event
    let sentAt = Number.NEGATIVE_INFINITY; // epoch ms of the last event
    try {
      // The stream reads by a timer of its own: nothing that another request does could wake it.
      for (let now = startedAt; !signal.aborted && now < query.endsAt; now = Date.now()) {
        const read = objects === undefined ? NO_EVENTS : await othersOf(objects, query);
        failures = read === undefined ? failures + 1 : 0;
        if (failures > MAX_FAILURES) throw new ConnectError("live calls cannot be read now; try again", Code.Unavailable);
        const parts = [takeOwn(now), read ?? NO_EVENTS];
        for (const part of parts) skipped += part.skipped[query.id] ?? 0;
        const events = parts.flatMap((part) => part.events).sort((a, b) => a.time - b.time);
        // The head of the response leaves with the first event.
        if (events.length === 0 && now - sentAt >= QUIET_MS) yield create(TapEventSchema, { skipped: BigInt(skipped) });
        for (const [index, event] of events.entries()) yield eventMessage(event, index === 0 ? skipped : 0);
        if (events.length > 0 || now - sentAt >= QUIET_MS) {
          sentAt = now;
          skipped = 0;
        }
        await scheduler.wait(READ_MS, { signal }).catch(() => undefined);
      }
    } finally {
      tap.unwatch(query.id);
      if (objects !== undefined) waitUntil(endTap(objects, query.id));
    }
  };
}

/** @throws ConnectError for conditions that hold for no call */
function conditionsOf({ route, reason, code, minDurationMs, principal, sample }: TapRequest): TapConditions {
  for (const [name, text] of Object.entries({ route, reason, code, principal }))
    if (text.length > MAX_TAP_TEXT) throw new ConnectError(`${name} has more than ${MAX_TAP_TEXT} characters`, Code.InvalidArgument);
  if (!(sample >= 0 && sample <= 1)) throw new ConnectError(`sample is ${sample}; write a number from 0 to 1`, Code.InvalidArgument);
  if (minDurationMs < 0) throw new ConnectError(`min_duration_ms is ${minDurationMs}; write 0 or more`, Code.InvalidArgument);
  return { route, reason, code, minDurationMs, principal, sample: sample === 0 ? 1 : sample };
}

/** @returns undefined where the object cannot be reached */
async function othersOf(objects: TapObjects, query: TapQuery): Promise<TapEvents | undefined> {
  try {
    const reading = await inTime(objects.getByName(TELEMETRY_NAME).readTap(query));
    if (reading.kind === "full")
      throw new ConnectError(`${MAX_TAP_FILTERS} viewers watch live calls already; end one of them`, Code.ResourceExhausted);
    return reading.kind === "events" ? reading.events : NO_EVENTS;
  } catch (error) {
    if (error instanceof ConnectError) throw error;
    logEvent("tap_failed", { error });
    return undefined;
  }
}

/** Isolates forget the filter soon after; without this message, half a minute later. */
async function endTap(objects: TapObjects, id: string): Promise<void> {
  try {
    await objects.getByName(TELEMETRY_NAME).endTap(id);
  } catch (error) {
    logEvent("tap_failed", { error });
  }
}

function eventMessage({ time, filters: _, ...facts }: TapEventRecord, skipped: number): TapEvent {
  return create(TapEventSchema, { ...facts, time: timestampFromMs(time), skipped: BigInt(skipped) });
}
