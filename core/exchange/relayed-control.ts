// Versions of the configuration in a relay: the pointers, and the snapshots that they name, for isolates that lack them.

import { FleetCounts } from "../control/fleet-counts.ts";
import type { FleetReport } from "../control/fleet-reports.ts";
import type { StoredSnapshot } from "../control/snapshot.ts";
import type { ControlDelta, ControlSection, ControlView } from "./control-messages.ts";
import { RootRequests } from "./root-requests.ts";

/** A request to the Durable Object of the control plane. */
export interface ControlRequest {
  readonly kind: "control";
  readonly sequence: number;
  readonly sentAt: number; // epoch ms
  readonly has: readonly string[]; // digests whose snapshots the relay has; at most MAX_SNAPSHOTS
  readonly report: FleetReport;
}

const MAX_SNAPSHOTS = 3; // the live one, the canary, and one more: together at most 24 MiB

export class RelayedControl {
  readonly #relay: string;
  readonly #requests = new RootRequests();
  readonly #counts = new FleetCounts();
  readonly #snapshots = new Map<string, StoredSnapshot>(); // keyed by digest, the one that was needed last at the end
  #pointers: Pick<ControlDelta, "sequence" | "live" | "canary"> = { sequence: 0, live: undefined, canary: undefined };

  /** @param relay name of this relay */
  constructor(relay: string) {
    this.#relay = relay;
  }

  get requests(): RootRequests {
    return this.#requests;
  }

  /** @returns the request that is due now */
  receive(isolate: string, section: ControlSection, intervalMs: number, now: number): ControlRequest | undefined {
    this.#counts.receive(isolate, section, intervalMs, now);
    if (!this.#requests.isDue(now, intervalMs)) return undefined;
    const report = this.#counts.report(this.#relay, now);
    return { kind: "control", sequence: this.#requests.start(now), sentAt: now, has: [...this.#snapshots.keys()], report };
  }

  /** Responses may arrive in any order: an older state replaces no newer one. */
  apply({ sequence, sentAt }: ControlRequest, { sequence: changed, live, canary, snapshots }: ControlDelta): void {
    this.#requests.succeed(sequence, sentAt);
    if (changed < this.#pointers.sequence) return;
    this.#pointers = { sequence: changed, live, canary };
    for (const snapshot of snapshots) this.#snapshots.set(snapshot.digest, snapshot);
    for (const { digest } of [canary, live].filter((pointer) => pointer !== undefined)) {
      const snapshot = this.#snapshots.get(digest);
      if (snapshot === undefined) continue;
      this.#snapshots.delete(digest);
      this.#snapshots.set(digest, snapshot);
    }
    while (this.#snapshots.size > MAX_SNAPSHOTS) this.#snapshots.delete(this.#snapshots.keys().next().value!);
  }

  /** @returns undefined where the state has never been read */
  viewFor({ has }: ControlSection, now: number): ControlView | undefined {
    if (!this.#requests.isKnown) return undefined;
    const { live, canary } = this.#pointers;
    const wanted = new Set([live, canary].flatMap((pointer) => (pointer === undefined ? [] : [pointer.digest])));
    const snapshots = [...wanted].filter((digest) => !has.includes(digest)).flatMap((digest) => this.#snapshots.get(digest) ?? []);
    return { ...this.#pointers, snapshots, ageMs: this.#requests.ageMs(now) };
  }
}
