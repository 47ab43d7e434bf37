// An isolate of a tree of leases.
import { type DebtLimit, NO_DEBT } from "../../../../core/rate-limit/isolate/debt.ts";
import { BucketLease } from "../../../../core/rate-limit/lease.ts";
import { type Above, Clock, FAILURE_PAUSE_MS, type Site, send } from "./site.ts";

const LEAF_TIMEOUT_MS = 1_000;

export interface LeafCall {
  readonly since: number; // ms
  readonly decided: (isAdmitted: boolean) => void;
}

/** An isolate. */
export class Leaf {
  above: Above;
  readonly place: string;
  readonly clock: Clock;
  readonly waitMs: number;
  readonly #site: Site;
  lease = new BucketLease();
  name: string;
  lender: string | undefined; // name of the one whose grant is in use
  #waiting: LeafCall[] = [];
  #sequence = 0; // sequence of the latest request
  readonly #debt: DebtLimit;
  #unreachableUntil = 0; // ms
  #seenAt = 0; // latest reading of the clock

  /**
   * @param waitMs calls wait no longer
   * @param debt   what may pass before it is granted; such calls pass where they would wait for too long
   */
  constructor(above: Above, place: string, name: string, waitMs: number, debt: DebtLimit = NO_DEBT) {
    this.above = above;
    this.place = place;
    this.name = name;
    this.waitMs = waitMs;
    this.#debt = debt;
    this.#site = above.site;
    this.clock = new Clock(above.site.world);
  }

  /** What it may spend. A lease that has been over once stays so when the clock is set back. */
  get share(): { readonly capacity: number; readonly ratePerMs: number } {
    return this.lease.share(Math.max(this.clock.now, this.#seenAt));
  }

  restart(): void {
    this.lease = new BucketLease();
    this.name = `${this.name}'`;
    this.#waiting = [];
  }

  call(decided: LeafCall["decided"]): void {
    this.#decide({ since: this.#site.world.now, decided }, false);
  }

  #decide(call: LeafCall, isBack: boolean): void {
    const { now } = this.clock;
    const debt = now < this.#unreachableUntil ? NO_DEBT : this.#debt;
    const outcome = isBack ? this.lease.takeAfterWait(1, now, debt) : this.lease.take(1, now, debt);
    if (outcome.kind === "request") {
      const isTimeOver = this.#site.world.now >= call.since + this.waitMs || now < this.#unreachableUntil;
      if (isTimeOver) call.decided(this.#debt.tokens > 0);
      else this.#wait(call);
      if (!isTimeOver && !this.lease.isRequesting(now)) this.send(this.#waiting.length);
      return;
    }
    call.decided(outcome.kind === "allowed");
    if (this.lease.isLow(now)) this.send(0);
  }

  #wait(call: LeafCall): void {
    this.#waiting.push(call);
    this.#site.world.at(call.since + this.waitMs, () => {
      if (!this.#waiting.includes(call)) return;
      this.#waiting = this.#waiting.filter((one) => one !== call);
      this.#decide(call, true);
    });
  }

  send(tokensNeeded: number): void {
    const { lease, above } = this;
    const site = this.#site;
    const sentAt = this.clock.now;
    this.#seenAt = Math.max(sentAt, this.#seenAt);
    const request = lease.request(this.name, tokensNeeded, sentAt);
    this.#sequence = request.sequence;
    const settleWaiting = (): void => {
      if (lease !== this.lease) return;
      for (const call of this.#waiting.splice(0)) this.#decide(call, true);
    };
    send(site, this.place, above.place, () =>
      above.handle(request, (grant) => {
        const lender = above.name;
        send(site, above.place, this.place, () => {
          if (grant?.isUnreachable === true) {
            lease.requestFailed(request.sequence, FAILURE_PAUSE_MS, this.clock.now);
            this.#unreachableUntil = this.clock.now + FAILURE_PAUSE_MS;
          } else lease.applyGrant(grant, sentAt, this.clock.now);
          const isApplied = lease === this.lease && grant?.sequence === this.#sequence && grant.isUnreachable !== true;
          if (isApplied) this.lender = lender;
          settleWaiting();
        });
      }),
    );
    site.world.after(LEAF_TIMEOUT_MS, () => {
      if (lease !== this.lease || !this.lease.isRequesting(this.clock.now - 1)) return;
      lease.requestFailed(request.sequence, 0, this.clock.now);
      settleWaiting();
    });
  }
}
