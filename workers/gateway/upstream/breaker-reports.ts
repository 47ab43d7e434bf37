// The part of the exchange that is about the breakers of one upstream: what this isolate has seen of its endpoints, and the shared views.
import type { LocalBreakers } from "../../../core/breaker/local-breakers.ts";
import type { BreakerPolicy } from "../../../core/config/breaker.ts";
import type { ExchangeReply } from "../../../core/exchange/messages.ts";
import type { Exchange, ExchangeDraft, ExchangeSection } from "../background/exchange.ts";

export class BreakerReporter implements ExchangeSection {
  readonly isNeeded = false; // without a response, the isolate relies on what it sees itself
  readonly #upstream: string;
  readonly #breakers: LocalBreakers;
  readonly #policy: BreakerPolicy;
  readonly #exchange: Exchange;

  /** @param upstream name of the Durable Object of the shared breakers: the service, and its version where it has several */
  constructor(upstream: string, breakers: LocalBreakers, policy: BreakerPolicy, exchange: Exchange) {
    this.#upstream = upstream;
    this.#breakers = breakers;
    this.#policy = policy;
    this.#exchange = exchange;
  }

  /** An attempt at an endpoint has ended. */
  ended(endpoint: string, now: number): void {
    const urgency = this.#breakers.urgencyOf(endpoint);
    if (urgency === "probe") this.#exchange.require(now);
    else if (urgency === "news") this.#exchange.hurry(now);
  }

  write(draft: ExchangeDraft, now: number): void {
    const reports = this.#breakers.takeReports(now);
    if (Object.keys(reports).length === 0) return;
    // Where versions of the configuration differ in the breaker, the one that was compiled first says how it is shared.
    const other = draft.breakers?.[this.#upstream];
    const merged = { reports: { ...other?.reports, ...reports }, policy: other?.policy ?? this.#policy };
    draft.breakers = { ...draft.breakers, [this.#upstream]: merged };
  }

  read({ breakers }: ExchangeReply, sentAt: number, now: number): void {
    const views = breakers?.[this.#upstream];
    if (views !== undefined) this.#breakers.applyViews(views, sentAt, now);
  }
}
