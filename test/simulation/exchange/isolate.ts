// An isolate with calls: local breakers and the schedule of its exchanges, put together as workers/gateway/background/exchange.ts does it.
import type { Admitted } from "../../../core/breaker/admission.ts";
import { LocalBreakers } from "../../../core/breaker/local-breakers.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { ExchangeSchedule } from "../../../core/exchange/exchange-schedule.ts";
import { EXCHANGE_MS, EXCHANGE_VERSION, type ExchangeReply } from "../../../core/exchange/messages.ts";
import { FIRST_SHARDS } from "../../../core/exchange/relay-load.ts";
import { hash32 } from "../../../core/hash.ts";
import type { World } from "../simulation.ts";
import type { Network, SimulatedRegion } from "./network.ts";

export interface IsolateSetting {
  readonly world: World;
  readonly network: Network;
  readonly rng: () => number;
  readonly region: SimulatedRegion;
  readonly name: string;
  readonly needsList: boolean; // its first call waits for a list
  readonly isFailing: (endpoint: string) => boolean; // now
}

const RELAY_MS = 8; // round trip to the relay of the region
const TIMEOUT_MS = 5_000;
const ENDPOINTS = ["a", "b", "c"];

export class SimulatedIsolate {
  readonly #setting: IsolateSetting;
  readonly #breakers = new LocalBreakers(BREAKER);
  readonly #schedule = new ExchangeSchedule(EXCHANGE_MS);
  #startedAt: number | undefined; // start of the exchange that is under way
  #shards = FIRST_SHARDS;
  #isFirst = true;
  #hasList = false;

  constructor(setting: IsolateSetting) {
    this.#setting = setting;
  }

  call(): void {
    const { world, rng, needsList, isFailing } = this.#setting;
    const now = world.now;
    if (!this.#schedule.hasStarted) this.#schedule.start(now, rng());
    if (needsList && !this.#hasList && this.#isFirst) this.#schedule.require(now);
    this.#tick();
    const endpoint = ENDPOINTS[Math.floor(rng() * ENDPOINTS.length)]!;
    const breaker = this.#breakers.get(endpoint);
    const admission = breaker.admit(now, rng());
    if (admission.kind === "refused") return;
    breaker.record(admission as Admitted, isFailing(endpoint) ? "failed" : "succeeded", 20, now, rng());
    this.#breakers.update(endpoint, now);
    const urgency = this.#breakers.urgencyOf(endpoint);
    if (urgency === "probe") this.#schedule.require(now);
    else if (urgency === "news") this.#schedule.hurry(now, rng());
    if (urgency !== "none") this.#tick();
  }

  #tick(): void {
    const { world, network, region, name, needsList, rng } = this.#setting;
    const now = world.now;
    const isRunning = this.#startedAt !== undefined && now - this.#startedAt < TIMEOUT_MS;
    if (!this.#schedule.isDue(now) || isRunning) return;
    this.#startedAt = now;
    this.#schedule.sent();
    const reports = this.#breakers.takeReports(now);
    const request = {
      ...{ version: EXCHANGE_VERSION, isolate: name, location: `${region}-${hash32(name) % 5}` },
      ...{ shards: this.#shards, isFirst: this.#isFirst, intervalMs: EXCHANGE_MS, purges: { known: 0 } },
      ...(Object.keys(reports).length === 0 ? {} : { breakers: { upstream: { reports, policy: BREAKER } } }),
      ...(needsList ? { lists: { service: { known: this.#hasList ? 1 : -1, health: undefined, configured: [] } } } : {}),
    };
    const relay = `relay-${hash32(name) % this.#shards}`;
    world.after(RELAY_MS / 2, () =>
      network.exchange(region, relay, request, (reply) => world.after(RELAY_MS / 2, () => this.#apply(reply, now, rng()))),
    );
  }

  #apply({ shards, nextMs, earlyMs, breakers, lists }: ExchangeReply, sentAt: number, random: number): void {
    const { now } = this.#setting.world;
    if (this.#startedAt === sentAt) this.#startedAt = undefined;
    this.#shards = shards;
    this.#isFirst = false;
    if (lists?.["service"] !== undefined) this.#hasList = true;
    if (breakers?.["upstream"] !== undefined) this.#breakers.applyViews(breakers["upstream"], sentAt, now);
    this.#schedule.succeeded(sentAt, nextMs, earlyMs, random);
    this.#tick();
  }
}
