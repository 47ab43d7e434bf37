// Relays and root objects in a world of their own: the code that runs in production, with a counter at each object.
import type { SharedBreakers } from "../../../core/breaker/shared-breakers.ts";
import { receiveBatch } from "../../../core/breaker/shared-breakers.ts";
import { EMPTY_PURGE_LOG, purgesSince } from "../../../core/cache/purge/purge-log.ts";
import type { ExchangeReply, ExchangeRequest } from "../../../core/exchange/messages.ts";
import { RelayState, type RootRequest, rootName } from "../../../core/exchange/relay-state.ts";
import { changesSince, EMPTY_KEY_LOG } from "../../../core/keys/key-log.ts";
import type { World } from "../simulation.ts";

/** Round trip between a relay of a region and the root objects, which are in the east of North America: ms. */
export const ROOT_MS = { enam: 8, wnam: 65, weur: 80, eeur: 105, "apac-ne": 150, "apac-se": 220, oc: 200 } as const;
export type SimulatedRegion = keyof typeof ROOT_MS;

const ROOT_WAIT_MS = 1_500; // the same as in durable-objects/relay/exchange-server.ts

/** Requests to one object, by second. */
export class Counter {
  readonly #bySecond = new Map<number, number>();
  total = 0;

  count(now: number): void {
    const second = Math.floor(now / 1_000);
    this.#bySecond.set(second, (this.#bySecond.get(second) ?? 0) + 1);
    this.total += 1;
  }

  /** The most in one second of this time, ms. */
  most(from: number, to: number): number {
    let most = 0;
    for (const [second, count] of this.#bySecond) if (second * 1_000 >= from && second * 1_000 < to) most = Math.max(most, count);
    return most;
  }
}

interface Relay {
  state: RelayState;
  readonly waiting: Map<string, (() => void)[]>; // exchanges that wait for root requests that are under way
}

export class Network {
  readonly #world: World;
  readonly #rng: () => number;
  readonly #counters = new Map<string, Counter>(); // keyed by object
  readonly #relays = new Map<string, Relay>();
  #breakers = new Map<string, SharedBreakers>();
  /** Endpoints that are open at the root, of all upstreams. */
  opened = 0;

  /** @param rng returns numbers in [0, 1) */
  constructor(world: World, rng: () => number) {
    this.#world = world;
    this.#rng = rng;
  }

  /** @param respond gets the reply when it has left the relay */
  exchange(region: SimulatedRegion, relay: string, request: ExchangeRequest, respond: (reply: ExchangeReply) => void): void {
    const world = this.#world;
    const name = `${region}/${relay}`;
    this.#count(name);
    const one = this.#relays.get(name) ?? { state: new RelayState(world.now, this.#rng), waiting: new Map() };
    this.#relays.set(name, one);
    const receivedAt = world.now;
    const { shards, due, missing } = one.state.receive(request, receivedAt);
    let left = due.length + missing.length;
    let isOver = false;
    const reply = (): void => {
      if (isOver) return;
      isOver = true;
      respond(one.state.reply(request, receivedAt, shards, world.now));
    };
    const ended = (): void => {
      left -= 1;
      if (left <= 0) reply();
    };
    for (const root of missing) one.waiting.get(root)?.push(ended);
    for (const root of due) this.#call(one, region, root, ended);
    if (left <= 0) reply();
    else world.after(ROOT_WAIT_MS, reply);
  }

  /** The busiest relay, and the busiest root object, in requests in one second. */
  most(from: number, to: number): { readonly relay: number; readonly root: number } {
    let [relay, root] = [0, 0];
    for (const [name, counter] of this.#counters) {
      if (name.includes("/relay-")) relay = Math.max(relay, counter.most(from, to));
      else root = Math.max(root, counter.most(from, to));
    }
    return { relay, root };
  }

  get relays(): number {
    return this.#relays.size;
  }

  /** Requests to all objects. */
  get requests(): number {
    let sum = 0;
    for (const { total } of this.#counters.values()) sum += total;
    return sum;
  }

  #call(relay: Relay, region: SimulatedRegion, root: RootRequest, ended: () => void): void {
    const name = rootName(root);
    const waiting = relay.waiting.get(name) ?? [];
    relay.waiting.set(name, waiting);
    const halfMs = ROOT_MS[region] / 2;
    this.#world.after(halfMs, () => {
      this.#count(name);
      const apply = this.#handle(relay.state, root);
      this.#world.after(halfMs, () => {
        apply();
        ended();
        for (const one of waiting.splice(0)) one();
      });
    });
  }

  /** @returns what the relay does when the response arrives */
  #handle(state: RelayState, root: RootRequest): () => void {
    switch (root.kind) {
      case "breakers": {
        const [after, views] = receiveBatch(this.#breakers.get(root.upstream) ?? new Map(), root.batch, root.policy, this.#world.now);
        this.#breakers.set(root.upstream, after);
        this.opened = [...after.values()].filter(({ kind }) => kind === "open").length;
        return () => state.appliedBreakers(root, views);
      }
      case "list":
        return () =>
          state.appliedList(root, root.known === 1 ? { kind: "unchanged", version: 1 } : { kind: "changed", version: 1, endpoints: [] });
      case "purges":
        return () => state.appliedPurges(root, purgesSince(EMPTY_PURGE_LOG, root.known));
      case "key_changes":
        return () => state.appliedKeyChanges(root, changesSince(EMPTY_KEY_LOG, root.known));
      case "issuer":
        return () => state.appliedIssuer(root, { keys: [] });
      case "control":
        return () => state.appliedControl(root, { sequence: 0, live: undefined, canary: undefined, snapshots: [] });
    }
  }

  #count(name: string): void {
    const counter = this.#counters.get(name) ?? new Counter();
    this.#counters.set(name, counter);
    counter.count(this.#world.now);
  }
}
