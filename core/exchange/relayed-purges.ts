// The purge log in a relay: a copy that follows the log, for isolates that know any part of it.
import { EMPTY_PURGE_LOG, type PurgeLogState, purgesSince, withDelta } from "../cache/purge/purge-log.ts";
import type { PurgeDelta } from "../cache/purge/purges.ts";
import type { PurgesQuery, PurgesReply } from "./messages.ts";
import { RootRequests } from "./root-requests.ts";

/** A request to the Durable Object of the log. */
export interface PurgesRequest {
  readonly kind: "purges";
  readonly sequence: number;
  readonly sentAt: number; // epoch ms
  readonly known: number; // latest seq that the relay has; 0 for none
}

export class RelayedPurges {
  readonly #requests = new RootRequests();
  #log: PurgeLogState = EMPTY_PURGE_LOG;

  get requests(): RootRequests {
    return this.#requests;
  }

  /** @returns the request that is due now */
  receive(intervalMs: number, now: number): PurgesRequest | undefined {
    if (!this.#requests.isDue(now, intervalMs)) return undefined;
    return { kind: "purges", sequence: this.#requests.start(now), sentAt: now, known: this.#log.seq };
  }

  apply({ sequence, sentAt }: PurgesRequest, delta: PurgeDelta): void {
    this.#log = withDelta(this.#log, delta); // any order is right
    this.#requests.succeed(sequence, sentAt);
  }

  /** @returns undefined where the log has never been read */
  replyFor({ known }: PurgesQuery, now: number): PurgesReply | undefined {
    return this.#requests.isKnown ? { delta: purgesSince(this.#log, known), ageMs: this.#requests.ageMs(now) } : undefined;
  }
}
