// The Durable Object of the shared breakers, as durable-objects/circuit-breaker.ts implements it, with a variable for its storage.
import type { BreakerReport, BreakerView, Reporter } from "../../../core/breaker/report.ts";
import { receiveReports, type SharedBreakers } from "../../../core/breaker/shared-breakers.ts";
import { restore, toStored } from "../../../core/breaker/stored-breaker.ts";
import type { BreakerPolicy } from "../../../core/config/breaker.ts";
import type { World } from "../simulation.ts";

export class BreakerDurableObject {
  isUp = true;
  requestCount = 0;
  /** When each endpoint was opened for the first time, ms. */
  readonly openedAt = new Map<string, number>();
  readonly #world: World;
  readonly #policy: BreakerPolicy;
  #breakers: SharedBreakers = new Map();

  constructor(world: World, policy: BreakerPolicy) {
    this.#world = world;
    this.#policy = policy;
  }

  report(reporter: Reporter, reports: Readonly<Record<string, BreakerReport>>): Readonly<Record<string, BreakerView>> | undefined {
    this.requestCount += 1;
    if (!this.isUp) return undefined;
    const before = this.#breakers;
    const [breakers, views] = receiveReports(before, reporter, reports, this.#policy, this.#world.now);
    this.#breakers = breakers;
    for (const [id, { kind }] of breakers) if (kind === "open" && !this.openedAt.has(id)) this.openedAt.set(id, this.#world.now);
    return views;
  }

  /** Evidence and probes are lost; stored states are read again. */
  restart(): void {
    this.#breakers = new Map([...this.#breakers].map(([id, breaker]) => [id, restore(toStored(breaker), this.#world.now)]));
  }
}
