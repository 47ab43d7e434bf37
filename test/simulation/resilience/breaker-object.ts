// The object that holds the breakers of the service: as durable-objects/circuit-breaker.ts does, with storage that is a variable.

import type { BreakerReport, BreakerView, Reporter } from "../../../core/breaker/report.ts";
import { receiveReports, type SharedBreakers } from "../../../core/breaker/shared-breakers.ts";
import { restore, toStored } from "../../../core/breaker/stored-breaker.ts";
import type { BreakerPolicy } from "../../../core/config/breaker.ts";
import type { World } from "../simulation.ts";

export class BreakerObject {
  isUp = true;
  asked = 0;
  /** When each endpoint was first opened here, ms. */
  readonly openedAt = new Map<string, number>();
  readonly #world: World;
  readonly #policy: BreakerPolicy;
  #breakers: SharedBreakers = new Map();

  constructor(world: World, policy: BreakerPolicy) {
    this.#world = world;
    this.#policy = policy;
  }

  report(by: Reporter, seen: Readonly<Record<string, BreakerReport>>): Readonly<Record<string, BreakerView>> | undefined {
    this.asked += 1;
    if (!this.isUp) return undefined;
    const before = this.#breakers;
    const [breakers, views] = receiveReports(before, by, seen, this.#policy, this.#world.now);
    this.#breakers = breakers;
    for (const [id, { kind }] of breakers) if (kind === "open" && !this.openedAt.has(id)) this.openedAt.set(id, this.#world.now);
    return views;
  }

  /** Evidence and probes are lost; what was stored is read again. */
  restart(): void {
    this.#breakers = new Map([...this.#breakers].map(([id, breaker]) => [id, restore(toStored(breaker), this.#world.now)]));
  }
}
