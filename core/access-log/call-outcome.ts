// How a call has gone, as its record in the access log says it: that decides how many of such calls get one.
import { REASONS, type Reason } from "../reasons.ts";

export type CallOutcome = "ok" | "slow" | "refused" | "failed";

/** Codes of services that are faults of the service, and not of its caller. */
const FAULTS: ReadonlySet<string> = new Set(["unknown", "deadline_exceeded", "internal", "unavailable", "data_loss"]);

/**
 * @param reason     why the gateway made the response; undefined where it did not
 * @param code       Connect's code, `ok` for a success
 * @param durationMs ms that the call took
 */
export function callOutcome(reason: Reason | undefined, code: string, durationMs: number, slowMs: number): CallOutcome {
  const blame = reason === undefined ? "none" : REASONS[reason];
  if (blame === "upstream" || blame === "gateway" || blame === "operator") return "failed";
  if (blame === "caller") return "refused";
  if (code === "ok") return durationMs >= slowMs ? "slow" : "ok";
  return FAULTS.has(code) ? "failed" : "refused";
}
