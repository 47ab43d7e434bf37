// The distributed breaker through relays, on random walks: isolates that change their relay, messages that are lost, late or run twice,
// and restarts of relays and of the Durable Object, over the code that runs in production. And faults that it has to find.
import { expect, it } from "vitest";
import type { Admitted } from "../../../core/breaker/admission.ts";
import { LocalBreaker } from "../../../core/breaker/local-breaker.ts";
import { type BreakerReport, PROBE_MS, type SharedViews } from "../../../core/breaker/report.ts";
import { CLOSED, type SharedBreaker } from "../../../core/breaker/shared-breaker.ts";
import { receiveBatch, type SharedBreakers } from "../../../core/breaker/shared-breakers.ts";
import { restore, toStored } from "../../../core/breaker/stored-breaker.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import type { ExchangeRequest } from "../../../core/exchange/messages.ts";
import { type BreakerRequest, RelayedBreakers } from "../../../core/exchange/relayed-breakers.ts";
import { randomStream } from "../../simulation/simulation.ts";

const POLICY = { ...BREAKER, consecutive: 1, openMs: 2_500, quorum: 2, probes: 1, outlierFactor: 0 };
const ISOLATES = 4;
const RELAYS = 2;
const E = "e";

interface Isolate {
  readonly breaker: LocalBreaker;
  probe: Admitted | undefined; // in flight
  hasFailed: boolean;
}

type Message =
  | {
      readonly kind: "exchange";
      readonly of: number;
      readonly relay: number;
      readonly sentAt: number;
      readonly reports: Record<string, BreakerReport>;
    }
  | { readonly kind: "request"; readonly relay: number; readonly life: number; readonly request: BreakerRequest }
  | {
      readonly kind: "response";
      readonly relay: number;
      readonly life: number;
      readonly request: BreakerRequest;
      readonly views: SharedViews;
    }
  | {
      readonly kind: "reply";
      readonly of: number;
      readonly relay: number;
      readonly life: number;
      readonly sentAt: number;
      readonly receivedAt: number;
    };

/** What a wrong relay would do instead. */
interface Variant {
  readonly agesViews?: boolean;
  readonly forgetsIsolates?: boolean;
  readonly grantsLater?: boolean;
}

class Walk {
  readonly #random: () => number;
  readonly #variant: Variant;
  now = 1_000_000;
  root: SharedBreakers = new Map();
  readonly isolates: Isolate[] = Array.from({ length: ISOLATES }, () => ({
    breaker: new LocalBreaker(POLICY),
    probe: undefined,
    hasFailed: false,
  }));
  relays = Array.from({ length: RELAYS }, () => new RelayedBreakers("u"));
  readonly #lives = Array.from({ length: RELAYS }, () => 0);
  net: Message[] = [];
  #openUntil = new Map<number, number>(); // keyed by version
  #highest = 0;

  constructor(random: () => number, variant: Variant) {
    this.#random = random;
    this.#variant = variant;
  }

  step(): void {
    const chance = this.#random();
    const isolate = this.isolates[this.#below(ISOLATES)]!;
    if (chance < 0.15) this.#wait(this.#below(6) * 250);
    else if (chance < 0.35) this.#call(isolate, this.#random() < 0.7);
    else if (chance < 0.45) this.#end(isolate, this.#random() < 0.5);
    else if (chance < 0.6 && this.net.length < 12) this.exchange(this.#below(ISOLATES), this.#below(RELAYS));
    else if (chance < 0.97 && this.net.length > 0) this.#deliver(this.#below(this.net.length));
    else if (chance < 0.98) this.#restartRelay(this.#below(RELAYS));
    else if (chance < 0.985) this.#restartRoot();
    this.#check();
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #wait(ms: number): void {
    this.now += ms;
    for (const one of this.isolates) {
      if (one.probe?.probe === undefined || one.probe.probe.endsAt > this.now) continue;
      one.breaker.discard(one.probe); // aborted, as the gateway does
      one.probe = undefined;
    }
  }

  #call(one: Isolate, fails: boolean): void {
    const admission = one.breaker.admit(this.now, 0.5);
    if (admission.kind === "refused" || (admission.probe !== undefined && one.probe !== undefined)) return;
    if (admission.probe !== undefined) one.probe = admission;
    else {
      one.breaker.record(admission, fails ? "failed" : "succeeded", 1, this.now, 0.5);
      one.hasFailed ||= fails;
    }
  }

  #end(one: Isolate, fails: boolean): void {
    if (one.probe === undefined) return;
    one.breaker.record(one.probe, fails ? "failed" : "succeeded", 1, this.now, 0.5);
    one.probe = undefined;
  }

  exchange(of: number, relay: number): void {
    const report = this.isolates[of]!.breaker.takeReport(this.now);
    if (report !== undefined) this.net.push({ kind: "exchange", of, relay, sentAt: this.now, reports: { [E]: report } });
  }

  /** Lost, delivered, or delivered and kept: the platform may run a request twice. */
  #deliver(nth: number): void {
    const message = this.net[nth]!;
    const chance = this.#random();
    const isTwice = chance > 0.9 && (message.kind === "exchange" || message.kind === "request");
    if (!isTwice) this.net.splice(nth, 1);
    if (chance >= 0.1) this.deliver(message);
  }

  deliver(message: Message): void {
    switch (message.kind) {
      case "exchange": {
        const { of, relay, sentAt, reports } = message;
        const isolate = this.#variant.forgetsIsolates === true ? `relay-${this.now}-${this.#random()}` : `i${of}`;
        const request: ExchangeRequest = {
          ...{ version: 1, isolate, location: `L${this.#variant.forgetsIsolates === true ? this.#random() : of}` },
          ...{ shards: RELAYS, isFirst: false, intervalMs: 5_000 },
        };
        const due = this.relays[relay]!.receive(request, { reports, policy: POLICY }, this.now);
        const life = this.#lives[relay]!;
        if (due !== undefined) this.net.push({ kind: "request", relay, life, request: due });
        this.net.push({ kind: "reply", of, relay, life, sentAt, receivedAt: this.now }); // sent at any moment from now on
        return;
      }
      case "request":
        this.#arrived(message);
        return;
      case "response":
        if (this.#lives[message.relay] === message.life) this.relays[message.relay]!.apply(message.request, message.views);
        return;
      case "reply":
        this.#replied(message);
        return;
    }
  }

  #arrived({ relay, life, request }: Message & { kind: "request" }): void {
    const before = this.root.get(E) ?? CLOSED;
    const [after, views] = receiveBatch(this.root, request.batch, POLICY, this.now);
    this.root = after;
    const breaker = after.get(E) ?? CLOSED;
    if (breaker.version < this.#highest) throw new Error("the Durable Object goes back to an older version");
    this.#highest = breaker.version;
    if (breaker.kind === "open") this.#openUntil.set(breaker.version, breaker.until);
    const isTrip = breaker.kind === "open" && before.kind !== "open" && before.kind !== "half_open";
    if (isTrip && this.isolates.filter(({ hasFailed }) => hasFailed).length < 2) throw new Error("opened by the reports of one isolate");
    this.net.push({ kind: "response", relay, life, request, views });
  }

  #replied({ of, relay, life, sentAt, receivedAt }: Message & { kind: "reply" }): void {
    if (this.#lives[relay] !== life) return;
    const { agesViews = true, grantsLater = false } = this.#variant;
    const asOf = agesViews ? this.now : receivedAt - 1_000_000;
    const view = this.relays[relay]!.viewsFor(`i${of}`, grantsLater ? 0 : receivedAt, Math.max(0, asOf))[E];
    if (view === undefined) return;
    const { breaker } = this.isolates[of]!;
    const known = breaker.state.held;
    breaker.applyView(view, grantsLater ? this.now : sentAt);
    const { held } = breaker.state;
    if (known !== undefined && this.now < known.until && held!.view.version < known.view.version)
      throw new Error("an isolate goes back to an older view");
    if (view.kind === "open" && held!.view === view && held!.until > (this.#openUntil.get(view.version) ?? Number.POSITIVE_INFINITY))
      throw new Error("an isolate applies an open view for longer than the Durable Object");
  }

  #restartRelay(relay: number): void {
    this.relays[relay] = new RelayedBreakers("u");
    this.#lives[relay]! += 1;
  }

  #restartRoot(): void {
    this.root = new Map(
      [...this.root].map(([endpoint, breaker]): [string, SharedBreaker] => [endpoint, restore(toStored(breaker), this.now)]),
    );
  }

  #check(): void {
    let probes = 0;
    for (const { breaker, probe } of this.isolates) {
      const { granted } = breaker.state;
      if (granted !== undefined && this.now < granted.endsAt) probes += 1;
      if (probe?.probe !== undefined && probe.probe.id !== 0) probes += 1;
    }
    if (probes > POLICY.probes) throw new Error(`${probes} probes at once`);
  }

  /** The upstream is healthy and all messages arrive. @returns ms until all isolates serve */
  recover(): number {
    const since = this.now;
    this.net = [];
    for (; this.now - since < 120_000; this.#wait(250)) {
      for (const [index, one] of this.isolates.entries()) {
        this.#end(one, false);
        this.#call(one, false);
        if (this.now % 1_000 === 0) this.exchange(index, index % RELAYS);
        while (this.net.length > 0) {
          const nth = this.net.findIndex(({ kind }) => kind !== "reply");
          this.deliver(this.net.splice(nth < 0 ? 0 : nth, 1)[0]!);
        }
      }
      const isServed = this.isolates.every(({ breaker }) => !breaker.refuses(this.now, 0));
      if (isServed && (this.root.get(E)?.kind ?? "closed") === "closed") return this.now - since;
    }
    return Number.POSITIVE_INFINITY;
  }
}

function walks(
  count: number,
  steps: number,
  variant: Variant = {},
  seed = 1,
): { violation: string | undefined; slowestMs: number; opened: number } {
  const random = randomStream(seed);
  let [slowestMs, opened] = [0, 0];
  for (let n = 0; n < count; n++) {
    const walk = new Walk(random, variant);
    try {
      for (let step = 0; step < steps; step++) walk.step();
    } catch (error) {
      return { violation: (error as Error).message, slowestMs, opened };
    }
    if ((walk.root.get(E)?.version ?? 1) > 1) opened += 1;
    if (Object.keys(variant).length === 0) slowestMs = Math.max(slowestMs, walk.recover());
  }
  return { violation: undefined, slowestMs, opened };
}

it.each([1, 2, 3])("one probe at a time, no older view, opened by no single isolate, and always recovered (seed %d)", (seed) => {
  const { violation, slowestMs, opened } = walks(600, 250, {}, seed);
  console.info(`${opened} of 600 walks opened the breaker; recovered within ${slowestMs} ms`);
  expect(violation).toBeUndefined();
  expect(opened).toBeGreaterThan(100);
  expect(slowestMs).toBeLessThan(60_000 + 10_000 + 2 * PROBE_MS); // open for a minute, a ramp, and the probes
});

it.each([
  ["views that do not age in the relay", { agesViews: false }, "longer than the Durable Object"],
  ["reports without their isolates", { forgetsIsolates: true }, "one isolate"],
  ["probes that are passed on to later exchanges", { grantsLater: true }, "probes at once"],
] as const)("finds %s", (_, variant, violation) => {
  expect(walks(3_000, 250, variant).violation ?? "nothing").toContain(violation);
});
