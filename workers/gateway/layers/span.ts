// Gives the call its span: decides at its beginning whether it is sampled, and surrounds it with a span of the platform.
import { tracing } from "cloudflare:workers";
import { parseTraceparent } from "../../../core/trace.ts";
import type { Handler, Layer } from "../call/layer.ts";
import type { Call } from "../call.ts";
import { CallSampling } from "../tracing/call-sampling.ts";
import { describeOnPlatform } from "../tracing/platform-span.ts";
import type { Tracer } from "../tracing/tracer.ts";

/** @param tracer undefined where tracing is off */
export function span(tracer: Tracer | undefined): Layer | undefined {
  if (tracer === undefined) return undefined;
  return tracer.isOnPlatform ? (next) => onPlatform(tracer, next) : (next) => sampled(tracer, next);
}

function sampled({ sampler }: Tracer, next: Handler): Handler {
  return (call) => {
    const parent = parentOf(call);
    call.sampling = new CallSampling(parent, sampler.begins(parent, Math.random()));
    return next(call);
  };
}

/**
 * The platform samples by itself, and knows the parent by the asynchronous context. Where the caller has sent no trace, the one that the
 * platform records goes on at upstreams outside of it. The span ends with the head of the response.
 */
function onPlatform({ sampler, hasSink }: Tracer, next: Handler): Handler {
  return (call) =>
    tracing.enterSpan(call.route.name || call.request.method, async (own) => {
      const parent = parentOf(call);
      const context = own.isTraced && parent === undefined ? own.spanContext() : undefined;
      const isSampled = context !== undefined || (hasSink && sampler.begins(parent, Math.random()));
      call.sampling = new CallSampling(parent, isSampled, context);
      const response = await next(call);
      if (own.isTraced) describeOnPlatform(own, call, response.status, Date.now());
      return response;
    });
}

function parentOf({ request }: Call): CallSampling["parent"] {
  return parseTraceparent(request.headers.get("traceparent"));
}
