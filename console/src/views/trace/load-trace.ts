// Reads the trace of a call. It is stored after the response, so that it may take a moment.
import { useEffect, useState } from "preact/hooks";
import { type Trace, TraceService } from "../../../../protos/gen/tidegate/control/v1/trace_pb.ts";
import { asCallError, type CallError } from "../../data/call-error.ts";
import { call } from "../../data/connect.ts";

const ATTEMPTS = 8;
const PAUSE_MS = 400;

export interface LoadedTrace {
  readonly state: "none" | "loading" | "loaded" | "failed";
  readonly trace?: Trace;
  readonly problem?: CallError;
}

/** @param requestId "" for none */
export function useTrace(requestId: string): LoadedTrace {
  const [loaded, setLoaded] = useState<LoadedTrace & { readonly of: string }>({ state: "none", of: "" });
  useEffect(() => {
    if (requestId === "") return undefined;
    const ending = new AbortController();
    const show = (state: LoadedTrace): void => {
      if (!ending.signal.aborted) setLoaded({ ...state, of: requestId });
    };
    show({ state: "loading" });
    load(requestId, ending.signal).then(show, (thrown) => show({ state: "failed", problem: asCallError(thrown) }));
    return () => ending.abort();
  }, [requestId]);
  return loaded.of === requestId ? loaded : { state: requestId === "" ? "none" : "loading" };
}

async function load(requestId: string, signal: AbortSignal): Promise<LoadedTrace> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { trace } = await call(TraceService.method.getTrace, { requestId }, signal);
      if (trace !== undefined) return { state: "loaded", trace };
    } catch (thrown) {
      const isLate = asCallError(thrown).code === "not_found" && attempt < ATTEMPTS && !signal.aborted;
      if (!isLate) throw thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
