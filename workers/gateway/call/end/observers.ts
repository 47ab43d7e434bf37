// What observes the ends of calls, as the configuration has it: metrics, access log, spans, tap.

import { waitUntil } from "cloudflare:workers";
import { Derived } from "../../../../core/config/derived.ts";
import type { Configuration } from "../../configure/configuration.ts";
import { tracerOf } from "../../tracing/tracer.ts";
import { accessLog } from "./access-log.ts";
import { type CallObserver, callObserver } from "./call-end.ts";

/** @returns undefined where nothing observes calls: then they cost nothing */
export function observerOf({ policy, env, parts, metrics, reporter, tap }: Configuration): CallObserver | undefined {
  const report = reporter && REPORTS.get(reporter, [], () => reportBy(reporter));
  const log = parts.get("access log", policy.log, () => accessLog(policy.log));
  return callObserver([
    metrics?.observe,
    report,
    tracerOf(policy.tracing, env, parts)?.observer,
    log,
    tap && TAPS.get(tap, [], () => tapBy(tap)),
  ]);
}

type Reporter = NonNullable<Configuration["reporter"]>;
type Tap = NonNullable<Configuration["tap"]>;

// An observer is the same object for all versions of a configuration that have its part: handlers of routes hold for all of these then.
const REPORTS = new Derived<Reporter, CallObserver>();
const TAPS = new Derived<Tap, CallObserver>();

function reportBy(reporter: Reporter): CallObserver {
  return (_call, _status, now) => reporter.changed(now, waitUntil);
}

function tapBy(tap: Tap): CallObserver {
  return (call, status, now) => tap.observe(call, status, now, waitUntil);
}
