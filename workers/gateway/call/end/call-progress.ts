// What a call reports of its attempts, and of the time that they take.
import type { Call } from "../../call.ts";

/** An attempt is sent. One that refreshes a stored response, which has served the call, is none of the call. */
export function attemptBegan({ origin: call }: Call, upstream: string, endpoint: string, now: number): void {
  if (call.cacheLevel === "l1" || call.cacheLevel === "stale") return;
  const atMs = now - call.receivedAt;
  call.attempts += 1;
  call.upstreamName = upstream;
  call.endpoint = endpoint;
  if (call.sentMs < 0) call.sentMs = atMs;
  if (call.openAttempts === 0) call.openSinceMs = atMs;
  call.openAttempts += 1;
  call.sampling?.attemptBegan(upstream, endpoint, now);
}

/** @param hasResponded the call gets the response of this attempt, unless another one responds, too */
export function attemptEnded({ origin: call }: Call, upstream: string, endpoint: string, hasResponded: boolean, now: number): void {
  if (call.openAttempts === 0) return;
  call.openAttempts -= 1;
  if (call.openAttempts === 0) call.upstreamMs += now - call.receivedAt - call.openSinceMs;
  call.sampling?.attemptEnded(endpoint, hasResponded, now);
  if (!hasResponded) return;
  call.upstreamName = upstream;
  call.endpoint = endpoint;
}

/** Time during which at least one attempt was at an upstream, in ms: each until its whole response, or the head of a stream. */
export function upstreamMsAt({ upstreamMs, openAttempts, receivedAt, openSinceMs }: Call, now: number): number {
  return upstreamMs + (openAttempts > 0 ? now - receivedAt - openSinceMs : 0);
}
