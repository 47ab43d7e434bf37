// Events of the tap as they come: the newest first, of bounded number.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { type TapEvent, type TapRequestSchema, TelemetryService } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { backOffMs } from "../../data/back-off.ts";
import { asCallError, type CallError } from "../../data/call-error.ts";
import { watch } from "../../data/connect.ts";
import { createStore, useStore } from "../../data/store.ts";
import { MOST_EVENTS, type TapState, withEvents } from "./tap-list.ts";

const SHOWN_EVERY_MS = 250; // a fast tap is shown four times a second

export type TapSelection = MessageInitShape<typeof TapRequestSchema>;

const NOTHING: TapState = { events: [], received: 0, skipped: 0 };
/** Stays while the user looks at another view, which may show one of these calls. */
const tapped = createStore<TapState>(NOTHING);

/** The call of a request that the tap has seen in this tab. */
export function tappedCall(requestId: string): TapEvent | undefined {
  return tapped.get().events.find((event) => event.requestId === requestId);
}

export interface Tap extends TapState {
  readonly problem: CallError | undefined;
  readonly clear: () => void;
}

/** @param isPaused no stream is open then, and isolates forget the filter */
export function useTap(filter: TapSelection, isPaused: boolean): Tap {
  const state = useStore(tapped);
  const [problem, setProblem] = useState<CallError>();
  const waiting = useRef<TapEvent[]>([]);
  const key = JSON.stringify(filter);
  const show = (): void => {
    if (waiting.current.length === 0) return;
    tapped.set(withEvents(tapped.get(), waiting.current));
    waiting.current = [];
  };
  // A layout effect, so that the stream of a filter ends with it, and not after the next paint: then nothing of it comes after `clear`.
  useLayoutEffect(() => {
    if (isPaused) return undefined;
    const ending = new AbortController();
    const timer = setInterval(show, SHOWN_EVERY_MS);
    const receive = (event: TapEvent): void => {
      if (ending.signal.aborted) return;
      waiting.current.push(event);
      if (waiting.current.length > MOST_EVENTS) waiting.current.shift(); // a tab in the background is shown nothing
      setProblem(undefined);
    };
    void follow(filter, ending.signal, receive, setProblem);
    return () => {
      clearInterval(timer);
      ending.abort();
      show();
      setProblem(undefined);
    };
  }, [key, isPaused]);
  const clear = (): void => {
    waiting.current = [];
    tapped.set(NOTHING);
  };
  return { ...state, problem, clear };
}

/** Opens the stream, and opens it again whenever it ends: isolates forget a filter after ten minutes. */
async function follow(
  filter: TapSelection,
  signal: AbortSignal,
  receive: (event: TapEvent) => void,
  report: (problem: CallError | undefined) => void,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      for await (const event of watch(TelemetryService.method.tap, filter, signal)) {
        failures = 0;
        receive(event);
      }
    } catch (thrown) {
      if (signal.aborted) return;
      failures += 1;
      report(asCallError(thrown));
    }
    await new Promise((resolve) => setTimeout(resolve, backOffMs(Math.max(1, failures), Math.random())));
  }
}
