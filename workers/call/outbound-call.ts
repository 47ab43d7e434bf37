// A call that is sent to a service, as pools, retries and hedging know it: the gateway's, or one that a service makes.
import type { TraceRecorder } from "../../core/explain/trace-recorder.ts";
import type { Rank } from "../../core/overload/criticality.ts";

/** A request body that is sent while it arrives. */
export interface UploadState {
  readonly failure: unknown; // set when the body breaks off; undefined before
  readonly awaitsCaller: boolean; // the next bytes have not come
}

/** The facts about a call on which attempts depend. */
export interface OutboundCall {
  readonly receivedAt: number; // epoch ms
  readonly deadlineAt: number; // epoch ms; Infinity for none
  readonly rank: Rank; // how much the call matters
  readonly outgoing: {
    readonly path: string; // `/users.v1.UserService/GetUser`
    readonly headers: Headers; // those of every attempt
    readonly body: unknown; // a ReadableStream can be sent once
  };
  readonly sendSignal: AbortSignal | null; // aborts when nothing more is to be sent
  readonly upload: UploadState | undefined; // undefined where the body is in memory
  readonly trace: Pick<TraceRecorder, "note"> | undefined; // undefined where nothing is recorded
}
