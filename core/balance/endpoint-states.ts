// What an isolate has learned of the endpoints of one upstream: how fast they are, and how they fail. It outlives the settings of the upstream.
import { initialState, type LocalState } from "../breaker/local-state.ts";
import { Load } from "./load.ts";

export interface EndpointState {
  readonly load: Load;
  readonly breaker: LocalState;
  readonly warmAt: number; // epoch ms, the end of the slow start
}

/** Shared by the fleets of one upstream, one for each version of its settings. An endpoint is forgotten when none of them has it. */
export class EndpointStates {
  /** Ids of endpoints whose breakers may not be closed: none while all of them are healthy. */
  readonly notClosed = new Set<string>();
  readonly #states = new Map<string, EndpointState>();
  readonly #users = new Map<object, ReadonlySet<string>>(); // ids by fleet

  get size(): number {
    return this.#states.size;
  }

  /** @param warmAt of an endpoint that is new, epoch ms */
  get(id: string, warmAt: number): EndpointState {
    const known = this.#states.get(id);
    if (known !== undefined) return known;
    const state: EndpointState = { load: new Load(), breaker: initialState(), warmAt };
    this.#states.set(id, state);
    return state;
  }

  /** A fleet has these endpoints now, and no others. */
  retain(user: object, ids: ReadonlySet<string>): void {
    this.#users.set(user, ids);
    this.#forget();
  }

  /** A fleet has ended. */
  release(user: object): void {
    if (this.#users.delete(user)) this.#forget();
  }

  #forget(): void {
    const users = [...this.#users.values()];
    for (const id of this.#states.keys()) {
      if (users.some((ids) => ids.has(id))) continue;
      this.#states.delete(id);
      this.notClosed.delete(id);
    }
  }
}
