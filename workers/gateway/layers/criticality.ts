// Sets the criticality of the call from its route, or from the header of a caller that `overload.trusted` lists. Of such a caller the
// attempt number is honored, too: it retries, so this gateway does not. The upstream gets both headers.
import { ATTEMPT_HEADER, CRITICALITY_HEADER, isAttemptNumber } from "../../../core/headers.ts";
import { CRITICAL, CRITICALITIES, isTrusted, parseRank, type Rank, type Trust } from "../../../core/overload/criticality.ts";
import type { Layer } from "../call/layer.ts";

export interface CriticalitySettings {
  readonly own: Rank; // rank of the route's calls
  readonly trust: Trust;
}

export function criticality({ own, trust }: CriticalitySettings): Layer | undefined {
  if (own === CRITICAL && trust.kind === "none") return undefined; // every call is critical
  return (next) => (call) => {
    const { headers } = call.request;
    const isHonored = trust.kind !== "none" && isTrusted(trust, call.principal?.id ?? null);
    const attempt = isHonored ? headers.get(ATTEMPT_HEADER) : null;
    if (isAttemptNumber(attempt)) call.outgoing.headers.set(ATTEMPT_HEADER, attempt);
    call.rank = (isHonored ? parseRank(headers.get(CRITICALITY_HEADER)) : undefined) ?? own;
    call.trace?.note("criticality", { criticality: CRITICALITIES[own]!, rank: CRITICALITIES[call.rank]! });
    if (call.rank !== CRITICAL) call.outgoing.headers.set(CRITICALITY_HEADER, CRITICALITIES[call.rank]!);
    return next(call);
  };
}
