// A request that stays alive until the items that it has added have arrived.
import { Sleeper } from "./sleeper.ts";

export class Keeper extends Sleeper {
  readonly endsAt: number; // epoch ms; `waitUntil` holds the request no longer
  lastSequence = 0; // sequence of the item that it has added last

  /** @param endsAt epoch ms */
  constructor(endsAt: number) {
    super();
    this.endsAt = endsAt;
  }
}
