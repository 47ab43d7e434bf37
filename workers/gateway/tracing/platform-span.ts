// Writes the facts of a call on its span in the platform's traces.
import { attributesOf, isFault } from "../../../core/tracing/call-spans.ts";
import type { Call } from "../call.ts";
import { endedCall } from "./ended-call.ts";

/** What is used of a span of `cloudflare:workers`. */
export interface PlatformSpan {
  setAttribute(name: string, value: string | number): unknown;
  setStatus(status: { readonly code: "error"; readonly message?: string }): unknown;
  recordException(exception: { readonly code: string; readonly message: string }): unknown;
}

/** @param status of the response @param now epoch ms */
export function describeOnPlatform(span: PlatformSpan, call: Call, status: number, now: number): void {
  const facts = endedCall(call, status, now);
  for (const [name, value] of Object.entries(attributesOf(facts))) span.setAttribute(name, value);
  if (!isFault(facts)) return;
  const { code, reason } = facts;
  span.setStatus(reason === "" ? { code: "error" } : { code: "error", message: reason });
  span.recordException({ code, message: reason === "" ? `status ${status}` : reason });
}
