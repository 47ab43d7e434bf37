// The log's word on calls that a host turns away: a line a second, with how many there were, as it has no time to write.
import type { Turned } from "../../core/overload/admission.ts";

const EVERY_MS = 1_000;

export function shedLog(isEnforced: boolean): (why: Turned, now: number) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  let untold = 0;
  return (why, now) => {
    untold += 1;
    if (now - toldAt < EVERY_MS) return;
    console.warn(JSON.stringify({ level: "warn", shed: "host", why, calls: untold, enforced: isEnforced }));
    toldAt = now;
    untold = 0;
  };
}
