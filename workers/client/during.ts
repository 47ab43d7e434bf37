// What a call takes from the call that is being served: its remaining time, its signal, its headers, and who makes it.
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { timeoutForNextHop } from "../../core/deadline.ts";
import { identify } from "./mesh/identify.ts";
import { passOn } from "./mesh/passed-on.ts";

/** @returns the shorter of two timeouts, if any, ms @throws ConnectError where the served call has no time left */
export function remaining(timeoutMs: number | undefined, during: HandlerContext | undefined): number | undefined {
  const leftMs = during?.timeoutMs();
  if (leftMs === undefined) return timeoutMs;
  // connect-es reads a timeout of 0 as none.
  if (leftMs <= 0) throw new ConnectError("no time is left for another call", Code.DeadlineExceeded);
  return Math.min(timeoutMs ?? leftMs, timeoutForNextHop(leftMs));
}

export function linked(signal: AbortSignal | undefined, during: HandlerContext | undefined): AbortSignal | undefined {
  if (during === undefined || signal === undefined) return signal ?? during?.signal;
  return AbortSignal.any([signal, during.signal]);
}

/** @param isBelieved whether the called service believes this Worker, without a signature, who makes the call: it does so of a binding, and of no URL */
export function headersOf(own: HeadersInit | undefined, during: HandlerContext | undefined, isBelieved: boolean): Headers {
  const header = new Headers(own);
  passOn(header, during);
  void identify(header, { service: "", isBinding: isBelieved, during }, undefined); // a promise only where it is signed
  return header;
}
