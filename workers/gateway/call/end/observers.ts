// What observes the ends of calls, as the configuration has it: metrics, access log, spans, tap.

import { waitUntil } from "cloudflare:workers";
import type { Configuration } from "../../configure/configuration.ts";
import { tracerOf } from "../../tracing/tracer.ts";
import { type CallObserver, callObserver } from "./call-end.ts";

/** @returns undefined where nothing observes calls: then they cost nothing */
export function observerOf({ policy, env, parts, metrics, reporter }: Configuration): CallObserver | undefined {
  const report: CallObserver | undefined = reporter && ((_call, _status, now) => reporter.changed(now, waitUntil));
  return callObserver([metrics?.observe, report, tracerOf(policy.tracing, env, parts)?.observer]);
}
