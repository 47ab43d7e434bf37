// Tells the object of a service what this isolate has seen of its endpoints, behind the answer, and hears what all isolates have.

import type { LocalBreakers } from "../../../core/breaker/local-breakers.ts";
import type { BreakerReport, BreakerView, Reporter } from "../../../core/breaker/report.ts";
import type { BreakerPolicy } from "../../../core/config/breaker.ts";
import { logEvent } from "../../log.ts";
import type { Call } from "../call.ts";

/** The objects that hear of it: `durable-objects/circuit-breaker.ts`, by service. */
export interface CircuitBreakers {
  getByName(service: string): {
    report(
      by: Reporter,
      seen: Readonly<Record<string, BreakerReport>>,
      policy: BreakerPolicy,
    ): Promise<Readonly<Record<string, BreakerView>>>;
  };
}

const GIVES_UP_MS = 5_000; // on a report whose call may be gone

/**
 * @param name of the object: the service, and its version where it has several
 * @returns what tells of an endpoint that has just been called, or of none, if it is time to: a promise to be kept behind the answer
 */
export function breakerReporter(
  name: string,
  panel: LocalBreakers,
  policy: BreakerPolicy,
  breakers: CircuitBreakers,
): (call: Call, id?: string) => Promise<void> | undefined {
  let askedAt = Number.NEGATIVE_INFINITY; // one report under way at a time
  let isolate: string | undefined; // what counts its own reports; the dice may be asked within a request only
  return ({ request }, id) => {
    const sentAt = Date.now();
    if (sentAt - askedAt < GIVES_UP_MS) return undefined;
    const seen = panel.takeReports(sentAt, id);
    if (seen === undefined) return undefined;
    askedAt = sentAt;
    isolate ??= crypto.randomUUID();
    const { cf } = request as { cf?: { colo?: string } };
    const by = { isolate, location: cf?.colo ?? isolate }; // where nobody says where it is, it is a place of its own
    return tell(breakers, name, by, seen, policy).then((views) => {
      if (askedAt === sentAt) askedAt = Number.NEGATIVE_INFINITY;
      if (views !== undefined) panel.applyViews(views, sentAt, Date.now());
    });
  };
}

/** An object that can't be asked leaves the isolate to what it sees by itself. The platform asks again; we don't on top of it. */
async function tell(
  breakers: CircuitBreakers,
  name: string,
  ...report: Parameters<ReturnType<CircuitBreakers["getByName"]>["report"]>
): Promise<Readonly<Record<string, BreakerView>> | undefined> {
  try {
    return await breakers.getByName(name).report(...report);
  } catch (fault) {
    logEvent("breaker_report_failed", { upstream: name, error: fault });
    return undefined;
  }
}
