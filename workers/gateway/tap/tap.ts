// The live tap of an isolate: observes the ends of calls while somebody watches, and sends events with the background exchange.
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import type { ExchangeReply } from "../../../core/exchange/messages.ts";
import { IsolateTap } from "../../../core/tap/isolate-tap.ts";
import { admitsLocalViewers } from "../admin/local-viewer.ts";
import type { Exchange, ExchangeDraft, ExchangeSection, KeepAlive } from "../background/exchange.ts";
import type { VersionParts } from "../background/isolate-parts.ts";
import type { Call } from "../call.ts";
import type { Bindings } from "../upstream/destination.ts";
import { tapEvent } from "./tap-event.ts";

const MIN_PAUSE_MS = 1_000; // between two exchanges that bring events
const MAX_PAUSE_MS = 10_000; // the same where relays have too many exchanges
const PAUSE_SHARE = 0.2; // share of the interval that the relay sets

/** Filters come, and events go, with the exchange: at most one in a second more than there would be. */
export class TapReporter implements ExchangeSection {
  readonly isNeeded = false;
  readonly tap = new IsolateTap();
  readonly #exchange: Exchange | undefined;
  #pauseMs = MIN_PAUSE_MS;
  #sentAt = Number.NEGATIVE_INFINITY; // epoch ms of the last exchange
  #timerEndsAt = Number.NEGATIVE_INFINITY; // epoch ms; from then on the timer has ended, also where the platform has ended it

  /** @param exchange undefined where nothing takes events: then viewers see the calls of their own isolate */
  constructor(exchange: Exchange | undefined) {
    this.#exchange = exchange;
  }

  write(draft: ExchangeDraft, now: number): void {
    this.#sentAt = now;
    draft.tap = this.tap.take() ?? {};
  }

  read({ tap, nextMs }: ExchangeReply, _sentAt: number, now: number): void {
    if (tap !== undefined) this.tap.learn(tap.filters, now);
    this.#pauseMs = Math.min(Math.max(nextMs * PAUSE_SHARE, MIN_PAUSE_MS), MAX_PAUSE_MS);
  }

  /** A call has ended. It costs one comparison while nobody watches. @param keepAlive `waitUntil` */
  observe(call: Call, status: number, now: number, keepAlive: KeepAlive): void {
    // Viewers would see themselves: calls of the gateway's own services are not shown.
    if (this.tap.filters.length === 0 || call.route.path.startsWith("/tidegate.")) return;
    const { route, reason, code, principal, receivedAt } = call;
    const facts = { route: route.name, reason: reason ?? "", code, durationMs: now - receivedAt, principal: principal?.id ?? "" };
    if (this.tap.observe(facts, now, Math.random, (filters) => tapEvent(call, filters, status, now))) this.#send(now, keepAlive);
  }

  #send(now: number, keepAlive: KeepAlive): void {
    const waitMs = this.#sentAt + this.#pauseMs - now;
    if (waitMs <= 0 || waitMs > MAX_PAUSE_MS) this.#exchange?.require(now);
    else if (now >= this.#timerEndsAt || this.#timerEndsAt - now > 2 * MAX_PAUSE_MS) {
      this.#timerEndsAt = now + waitMs + MIN_PAUSE_MS;
      keepAlive(this.#sendLater(waitMs));
    }
  }

  async #sendLater(waitMs: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    this.#timerEndsAt = Number.NEGATIVE_INFINITY;
    if (this.tap.hasUnsent) this.#exchange?.require(Date.now());
  }
}

/**
 * The one of the isolate, which all versions of the configuration share.
 *
 * @returns undefined where nobody can watch: no admin service is served
 */
export function tapReporter(
  { admin }: Pick<GatewayPolicy, "admin">,
  exchange: Exchange | undefined,
  env: Bindings,
  parts: VersionParts,
): TapReporter | undefined {
  if (admin === undefined && !admitsLocalViewers(env)) return undefined;
  const isRelayed = env["TELEMETRY"] !== undefined; // relays send events on to the Durable Object `Telemetry`
  const used = isRelayed ? exchange : undefined;
  const create = (): TapReporter => {
    const reporter = new TapReporter(used);
    used?.add(reporter);
    return reporter;
  };
  return parts.get("tap", isRelayed, create, (ended) => used?.remove(ended));
}
