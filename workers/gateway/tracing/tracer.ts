// The tracer of an isolate: which calls have a span, and the collector to which spans go. The platform's own spans are made by `layers/span.ts`.
import type { TracingPolicy } from "../../../core/config/tracing.ts";
import { isFault, spansOf } from "../../../core/tracing/call-spans.ts";
import { TailSampler } from "../../../core/tracing/tail-sampler.ts";
import type { VersionParts } from "../background/isolate-parts.ts";
import type { CallObserver } from "../call/end/call-end.ts";
import type { Bindings } from "../upstream/destination.ts";
import { endedCall, rpcOf } from "./ended-call.ts";
import { OtlpSink } from "./otlp-sink.ts";

export interface Tracer {
  readonly sampler: TailSampler;
  readonly isOnPlatform: boolean; // calls have a span in the platform's traces
  readonly hasSink: boolean; // spans go to a collector
  readonly observer: CallObserver | undefined; // runs at the end of each call
}

/** One for the isolate. @returns undefined where tracing is off: then calls cost nothing */
export function tracerOf(policy: TracingPolicy | undefined, env: Bindings, parts: VersionParts): Tracer | undefined {
  return policy && parts.get("tracer", policy, () => tracerFor(policy, env));
}

function tracerFor(policy: TracingPolicy, env: Bindings): Tracer {
  const { otlpUrl: url, otlpHeader: header, otlpSecretBinding: binding } = policy;
  const secret = binding === undefined ? undefined : (env[binding] as string); // the configuration has been checked
  const sink = url === undefined ? undefined : new OtlpSink({ url, header, secret, resource: { "service.name": "tidegate" } });
  const sampler = new TailSampler(policy);
  return { sampler, isOnPlatform: policy.platform, hasSink: sink !== undefined, observer: sink && observerOf(sampler, sink) };
}

function observerOf(sampler: TailSampler, sink: OtlpSink): CallObserver {
  return (call, status, now) => {
    const isSampled = call.sampling?.isSampled === true;
    if (!isSampled && !sampler.keeps(isFault({ rpc: rpcOf(call), code: call.code, status }), now - call.receivedAt, now)) return;
    sink.add(spansOf(endedCall(call, status, now), newSpanId), now);
  };
}

function newSpanId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
