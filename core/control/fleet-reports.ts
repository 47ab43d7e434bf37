// What isolates run: relays report it about theirs, and the control plane adds it up. Never stored: a report counts for some intervals.
import type { RefusedVersion } from "../exchange/control-messages.ts";

/** Of the isolates of one relay. Plain data, bounded: see `fleet-counts.ts`. */
export interface FleetReport {
  readonly relay: string; // its name, with the region
  readonly validMs: number; // time for which it counts
  readonly isolates: Readonly<Record<string, number>>; // number of isolates by the digest that serves there; at most MAX_DIGESTS
  readonly canaries: Readonly<Record<string, number>>; // the same for the share of the canary
  readonly refused: readonly CountedRefusal[]; // at most MAX_REFUSALS
  readonly fallenBack?: number; // number of isolates that began without knowing what is live; a relay of an earlier version does not count them
}

export interface CountedRefusal extends RefusedVersion {
  readonly isolates: number;
}

/** Of all regions. */
export interface FleetStatus {
  readonly regions: Readonly<Record<string, Pick<FleetReport, "isolates" | "canaries">>>;
  readonly refused: readonly CountedRefusal[];
  readonly fallenBack: number; // number of isolates that began without knowing what is live
  readonly relays: number; // number of relays that have reported in time
}

export const MAX_DIGESTS = 8; // in one report, and in one region
export const MAX_REFUSALS = 8; // in one report, and in all
const MAX_RELAYS = 2_000;

export class FleetReports {
  readonly #reports = new Map<string, { readonly report: FleetReport; readonly endsAt: number }>(); // the latest at the end

  /** @param now epoch ms */
  receive(report: FleetReport, now: number): void {
    this.#reports.delete(report.relay);
    this.#reports.set(report.relay, { report, endsAt: now + report.validMs });
    if (this.#reports.size > MAX_RELAYS) this.#reports.delete(this.#reports.keys().next().value!);
  }

  status(now: number): FleetStatus {
    const regions = new Map<string, { isolates: Map<string, number>; canaries: Map<string, number> }>();
    const refused = new Map<string, CountedRefusal>();
    let relays = 0;
    let fallenBack = 0;
    for (const [name, { report, endsAt }] of this.#reports) {
      if (now >= endsAt) {
        this.#reports.delete(name);
        continue;
      }
      relays += 1;
      fallenBack += report.fallenBack ?? 0;
      const region = name.split("/")[0]!;
      const sums = regions.get(region) ?? { isolates: new Map(), canaries: new Map() };
      regions.set(region, sums);
      add(sums.isolates, report.isolates);
      add(sums.canaries, report.canaries);
      for (const refusal of report.refused) {
        const known = refused.get(refusal.digest);
        refused.set(refusal.digest, { ...refusal, isolates: refusal.isolates + (known?.isolates ?? 0) });
      }
    }
    const sums = [...regions].map(([region, { isolates, canaries }]) => {
      return [region, { isolates: largest(isolates), canaries: largest(canaries) }] as const;
    });
    const refusals = [...refused.values()].toSorted((one, other) => other.isolates - one.isolates).slice(0, MAX_REFUSALS);
    return { regions: Object.fromEntries(sums), refused: refusals, fallenBack, relays };
  }
}

function add(sums: Map<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [digest, count] of Object.entries(counts)) sums.set(digest, (sums.get(digest) ?? 0) + count);
}

/** @returns the digests that most isolates run */
export function largest(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].toSorted(([, one], [, other]) => other - one).slice(0, MAX_DIGESTS));
}
