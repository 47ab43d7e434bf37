// The endpoint list of one service in a relay: the latest snapshot of the Durable Object, for isolates with any version.

import type { HealthPolicy } from "../config/health.ts";
import type { ConfiguredEndpoint, EndpointSnapshot } from "../registry/registry.ts";
import type { ListQuery } from "./messages.ts";
import { RootRequests } from "./root-requests.ts";

/** A request to the Durable Object of the service. */
export interface ListRequest {
  readonly kind: "list";
  readonly service: string;
  readonly sequence: number;
  readonly sentAt: number; // epoch ms
  readonly known: number; // version that the relay has; -1 for none
  readonly health: HealthPolicy | undefined;
  readonly configured: readonly ConfiguredEndpoint[];
}

export class RelayedList {
  readonly #service: string;
  readonly #requests = new RootRequests();
  #snapshot: (EndpointSnapshot & { readonly kind: "changed" }) | undefined;

  constructor(service: string) {
    this.#service = service;
  }

  get requests(): RootRequests {
    return this.#requests;
  }

  /** @returns the request that is due now: with the health checks that this isolate is configured with */
  receive({ health, configured }: ListQuery, intervalMs: number, now: number): ListRequest | undefined {
    if (!this.#requests.isDue(now, intervalMs)) return undefined;
    const sequence = this.#requests.start(now);
    return { kind: "list", service: this.#service, sequence, sentAt: now, known: this.#snapshot?.version ?? -1, health, configured };
  }

  apply({ sequence, sentAt }: ListRequest, snapshot: EndpointSnapshot): void {
    if (this.#requests.succeed(sequence, sentAt) && snapshot.kind === "changed") this.#snapshot = snapshot;
  }

  /**
   * @param receivedAt epoch ms at which the query arrived
   * @returns undefined where the list is not known. An isolate that has a newer version, from another relay, keeps it, unless the Durable
   *          Object itself was queried since: then it has lost that version
   */
  snapshotFor({ known }: ListQuery, receivedAt: number, now: number): EndpointSnapshot | undefined {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return undefined;
    const isBehind = known > snapshot.version && now - this.#requests.ageMs(now) < receivedAt;
    return known === snapshot.version || isBehind ? { kind: "unchanged", version: known } : snapshot;
  }
}
