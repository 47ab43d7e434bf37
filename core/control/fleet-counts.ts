// What the isolates of one relay run, counted for the control plane.
import { boundedSection, type ControlSection } from "../exchange/control-messages.ts";
import { type CountedRefusal, type FleetReport, largest, MAX_REFUSALS } from "./fleet-reports.ts";

const MAX_ISOLATES = 5_000; // remembered, up to some 5 KB each where it refuses versions; above it, the oldest are forgotten
const VALID_INTERVALS = 3; // an isolate counts this long after its last exchange
const MIN_VALID_MS = 15_000;
const MAX_REFUSING = 200; // isolates whose reasons are remembered

interface SeenIsolate {
  readonly section: Pick<ControlSection, "runs" | "canary" | "refused" | "hasFallenBack">;
  readonly endsAt: number; // epoch ms
}

export class FleetCounts {
  readonly #isolates = new Map<string, SeenIsolate>(); // keyed by random id, the latest at the end
  #validMs = MIN_VALID_MS;

  /** Times are epoch ms. @param intervalMs between two exchanges of the isolate */
  receive(isolate: string, section: ControlSection, intervalMs: number, now: number): void {
    const { runs, canary, refused, hasFallenBack } = boundedSection(section);
    this.#validMs = Math.max(MIN_VALID_MS, VALID_INTERVALS * intervalMs);
    this.#isolates.delete(isolate);
    const seen = {
      runs,
      ...(canary === undefined ? {} : { canary }),
      ...(refused === undefined ? {} : { refused }),
      ...(hasFallenBack && { hasFallenBack }),
    };
    this.#isolates.set(isolate, { section: seen, endsAt: now + this.#validMs });
    for (const [id, { endsAt }] of this.#isolates) {
      if (this.#isolates.size <= MAX_ISOLATES && now < endsAt) break;
      this.#isolates.delete(id);
    }
  }

  /** @param relay name of this relay */
  report(relay: string, now: number): FleetReport {
    const isolates = new Map<string, number>();
    const canaries = new Map<string, number>();
    const refusals = new Map<string, CountedRefusal>();
    let refusing = 0;
    let fallenBack = 0;
    for (const { section, endsAt } of this.#isolates.values()) {
      if (now >= endsAt) continue;
      isolates.set(section.runs, (isolates.get(section.runs) ?? 0) + 1);
      if (section.hasFallenBack === true) fallenBack += 1;
      if (section.canary !== undefined) canaries.set(section.canary, (canaries.get(section.canary) ?? 0) + 1);
      if (section.refused === undefined || refusing >= MAX_REFUSING) continue;
      refusing += 1;
      for (const { digest, reason } of section.refused)
        refusals.set(digest, { digest, reason, isolates: (refusals.get(digest)?.isolates ?? 0) + 1 });
    }
    const refused = [...refusals.values()].toSorted((one, other) => other.isolates - one.isolates).slice(0, MAX_REFUSALS);
    return { relay, validMs: this.#validMs, isolates: largest(isolates), canaries: largest(canaries), refused, fallenBack };
  }
}
