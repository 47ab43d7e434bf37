// The events of the tap that are shown: the newest first, of bounded number.
import type { TapEvent } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";

/** Events that are shown at most; older ones are dropped. */
export const MOST_EVENTS = 500;

export interface TapState {
  readonly events: readonly TapEvent[]; // the newest first
  readonly received: number; // since the tap was opened for the first time in this tab
  readonly skipped: number; // events that isolates left out because there were too many
}

/** @param fresh in the order in which they came; those without a request say that the stream is open, and what was left out */
export function withEvents({ events, received, skipped }: TapState, fresh: readonly TapEvent[]): TapState {
  const calls = fresh.filter(({ requestId }) => requestId !== "");
  return {
    events: [...calls.toReversed(), ...events].slice(0, MOST_EVENTS),
    received: received + calls.length,
    skipped: fresh.reduce((sum, event) => sum + Number(event.skipped), skipped),
  };
}
