// What observes the ends of calls, as the configuration has it: metrics, access log, spans, tap.

import type { Configuration } from "../../configure/configuration.ts";
import { type CallObserver, callObserver } from "./call-end.ts";

/** @returns undefined where nothing observes calls: then they cost nothing */
export function observerOf({ metrics }: Configuration): CallObserver | undefined {
  return callObserver([metrics?.observe]);
}
