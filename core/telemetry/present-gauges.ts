// Gauges of several sources, isolates or relays, merged into one value for each series. A source that is silent has none any more.
import type { GaugeValue } from "../metrics/report.ts";

/** Time for which the gauges of a source count after its last report, ms. */
export const LIVE_MS = 15_000;

interface Source {
  readonly seenAt: number; // epoch ms
  readonly gauges: Map<string, GaugeValue>; // those that are not 0
}

export class PresentGauges {
  readonly #maxSources: number;
  readonly #maxGauges: number;
  readonly #sources = new Map<string, Source>(); // the one that has been silent for longest first

  /** @param maxGauges of one source; later ones are left out */
  constructor(maxSources: number, maxGauges: number) {
    this.#maxSources = maxSources;
    this.#maxGauges = maxGauges;
  }

  /** Names of sources that have reported within `LIVE_MS`. */
  sources(now: number): readonly string[] {
    this.#forget(now);
    return [...this.#sources.keys()];
  }

  /** A source has reported. @param gauges that have changed or are not 0 @param replaces whether it has no others */
  set(source: string, gauges: readonly GaugeValue[], now: number, replaces = false): void {
    const held = replaces ? undefined : this.#sources.get(source)?.gauges;
    const own = held ?? new Map<string, GaugeValue>();
    for (const gauge of gauges) {
      const key = keyOf(gauge);
      if (gauge.value === 0) own.delete(key);
      else if (own.size < this.#maxGauges || own.has(key)) own.set(key, gauge);
    }
    this.#sources.delete(source);
    this.#sources.set(source, { seenAt: now, gauges: own });
    this.#forget(now);
  }

  /** All gauges that are not 0. */
  read(now: number): readonly GaugeValue[] {
    this.#forget(now);
    const merged = new Map<string, GaugeValue>();
    for (const { gauges } of this.#sources.values()) {
      for (const [key, gauge] of gauges) {
        const other = merged.get(key);
        if (other === undefined) merged.set(key, gauge);
        else merged.set(key, { ...gauge, value: gauge.merge === "max" ? Math.max(other.value, gauge.value) : other.value + gauge.value });
      }
    }
    return [...merged.values()];
  }

  #forget(now: number): void {
    for (const [source, { seenAt }] of this.#sources) {
      if (this.#sources.size <= this.#maxSources && Math.abs(now - seenAt) < LIVE_MS) return;
      this.#sources.delete(source);
    }
  }
}

function keyOf({ metric, labels }: GaugeValue): string {
  return `${metric}\n${labels.join("\n")}`;
}
