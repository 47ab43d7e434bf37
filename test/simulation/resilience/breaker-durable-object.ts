// The Durable Object of the shared breakers, as durable-objects/circuit-breaker.ts implements it, with a variable for its storage; and a
// relay in each location, as durable-objects/relay.ts.
import { receiveBatch, type SharedBreakers } from "../../../core/breaker/shared-breakers.ts";
import { restore, toStored } from "../../../core/breaker/stored-breaker.ts";
import type { BreakerPolicy } from "../../../core/config/breaker.ts";
import type { ExchangeReply, ExchangeRequest } from "../../../core/exchange/messages.ts";
import { RelayState, type RootRequest } from "../../../core/exchange/relay-state.ts";
import type { World } from "../simulation.ts";

const ROOT_WAIT_MS = 1_500; // the same as in durable-objects/relay/exchange-server.ts

export class BreakerDurableObject {
  isUp = true;
  requestCount = 0; // requests of relays and of the Durable Object
  /** When each endpoint was opened for the first time, ms. */
  readonly openedAt = new Map<string, number>();
  readonly #world: World;
  readonly #policy: BreakerPolicy;
  readonly #relays = new Map<string, RelayState>(); // keyed by location
  #breakers: SharedBreakers = new Map();

  constructor(world: World, policy: BreakerPolicy) {
    this.#world = world;
    this.#policy = policy;
  }

  /** An exchange with the relay of the isolate's location. @param travelMs from the relay to the Durable Object */
  exchange(request: ExchangeRequest, travelMs: number, respond: (reply: ExchangeReply) => void): void {
    this.requestCount += 1;
    const world = this.#world;
    const relay = this.#relays.get(request.location) ?? new RelayState(world.now, () => 0);
    this.#relays.set(request.location, relay);
    const receivedAt = world.now;
    const { shards, due } = relay.receive(request, receivedAt);
    let isOver = false;
    const reply = (): void => {
      if (isOver) return;
      isOver = true;
      respond(relay.reply(request, receivedAt, shards, world.now));
    };
    if (due.length === 0) reply();
    else world.after(ROOT_WAIT_MS, reply);
    for (const root of due) world.after(travelMs, () => this.#report(relay, root, travelMs, reply));
  }

  #report(relay: RelayState, root: RootRequest, travelMs: number, reply: () => void): void {
    this.requestCount += 1;
    if (root.kind !== "breakers") return;
    if (!this.isUp) {
      relay.failed(root);
      reply();
      return;
    }
    const [breakers, views] = receiveBatch(this.#breakers, root.batch, this.#policy, this.#world.now);
    this.#breakers = breakers;
    for (const [id, { kind }] of breakers) if (kind === "open" && !this.openedAt.has(id)) this.openedAt.set(id, this.#world.now);
    this.#world.after(travelMs, () => {
      relay.appliedBreakers(root, views);
      reply();
    });
  }

  /** Evidence and probes are lost; stored states are read again. */
  restart(): void {
    this.#breakers = new Map([...this.#breakers].map(([id, breaker]) => [id, restore(toStored(breaker), this.#world.now)]));
  }
}
