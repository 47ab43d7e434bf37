// Whether what is shown is fresh: "live", or since when it is not, and why.
import { useEffect, useState } from "preact/hooks";
import type { CallError } from "../data/call-error.ts";
import { clock } from "../data/format.ts";

interface FreshnessProps {
  readonly receivedAt: number; // epoch ms; 0 before the first response
  readonly problem: CallError | undefined;
  readonly staleAfterMs?: number;
}

/** Data without a problem is stale, too, where nothing has come for this long. */
const STALE_AFTER_MS = 20_000;

export function Freshness({ receivedAt, problem, staleAfterMs = STALE_AFTER_MS }: FreshnessProps) {
  const now = useNow(1_000);
  const isStale = problem !== undefined || (receivedAt > 0 && now - receivedAt > staleAfterMs);
  if (receivedAt === 0 && problem === undefined) return <p class="freshness">connecting …</p>;
  if (!isStale) return <p class="freshness live">live</p>;
  return (
    <p class="freshness stale" role="status">
      {receivedAt === 0 ? "no data" : `stale since ${clock(receivedAt)}`}
      {problem !== undefined && <span class="why">: {problem.message}</span>}
    </p>
  );
}

/** The time, read again every so often. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
