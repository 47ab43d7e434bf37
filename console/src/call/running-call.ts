// A call that is sent from the page: what has come of its response so far.
import { useEffect, useMemo, useState } from "preact/hooks";
import { partsOf } from "./read-response.ts";
import { bodyOf, type Sendable } from "./request.ts";

const MAX_SHOWN = 200_000; // characters; only the end of a longer body is shown

export interface CallState {
  readonly phase: "waiting" | "receiving" | "ended" | "stopped" | "failed";
  readonly elapsedMs: number; // until the response began, then until it ended
  readonly status?: number;
  readonly statusText?: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly text: string; // the body, or its messages
  readonly messages?: number; // in envelopes
  readonly end?: { readonly code: string; readonly message: string }; // status of a call with envelopes
  readonly problem?: string; // why there is no response
}

export interface Sender {
  readonly state: CallState | undefined; // undefined before the first call
  readonly isRunning: boolean;
  readonly send: (request: Sendable) => void;
  readonly stop: () => void;
}

/** Sends calls, one at a time: a new one stops the one before, and so does the end of the component. */
export function useSender(): Sender {
  const [state, setState] = useState<CallState>();
  const runs = useMemo(() => ({ current: undefined as AbortController | undefined }), []);
  const stop = (): void => runs.current?.abort();
  useEffect(() => stop, []);
  const send = (request: Sendable): void => {
    stop();
    const own = new AbortController();
    runs.current = own;
    let latest: CallState | undefined;
    const show = (): void => {
      if (runs.current === own) setState(latest);
      latest = undefined;
    };
    void run(request, own.signal, (next) => {
      if (latest === undefined) requestAnimationFrame(show); // a fast stream is shown once a frame
      latest = next;
    });
  };
  return { state, isRunning: state?.phase === "waiting" || state?.phase === "receiving", send, stop };
}

/** Sends one call. @param report called with each change of its state */
export async function run(request: Sendable, signal: AbortSignal, report: (state: CallState) => void): Promise<void> {
  const startedAt = performance.now();
  const elapsed = (): number => Math.round(performance.now() - startedAt);
  let state: CallState = { phase: "waiting", elapsedMs: 0, headers: [], text: "" };
  const change = (changes: Partial<CallState>): void => {
    state = { ...state, ...changes };
    report(state);
  };
  change({});
  try {
    const { method, url, headers } = request;
    const fields = headers.map(([name, value]): [string, string] => [name, value]);
    const body = bodyOf(request) ?? null;
    const response = await fetch(url, { method, headers: fields, body, signal, cache: "no-store", credentials: "same-origin" });
    const { status, statusText } = response;
    change({ phase: "receiving", elapsedMs: elapsed(), status, statusText, headers: [...response.headers] });
    for await (const part of partsOf(response)) {
      if (part.kind === "end") change({ end: part });
      else if (part.kind === "text") change({ text: (state.text + part.text).slice(-MAX_SHOWN) });
      else change({ text: `${state.text}${pretty(part.json)}\n`.slice(-MAX_SHOWN), messages: (state.messages ?? 0) + 1 });
    }
    change({ phase: "ended", elapsedMs: elapsed(), text: state.messages === undefined ? pretty(state.text) : state.text });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    change({ phase: signal.aborted ? "stopped" : "failed", elapsedMs: elapsed(), problem });
  }
}

/** JSON in lines; other text as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
