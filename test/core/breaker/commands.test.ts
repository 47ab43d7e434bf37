// Isolates and their Durable Object under commands in any order: calls, restarts, and lost, late and duplicate messages. Probes stay
// bounded, and views never get older.
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Admitted } from "../../../core/breaker/admission.ts";
import { LocalBreaker } from "../../../core/breaker/local-breaker.ts";
import { type BreakerReport, type BreakerView, PROBE_MS, type Reporter } from "../../../core/breaker/report.ts";
import type { SharedBreaker } from "../../../core/breaker/shared-breaker.ts";
import type { SharedBreakers } from "../../../core/breaker/shared-breakers.ts";
import { restore, type StoredBreaker, toStored } from "../../../core/breaker/stored-breaker.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { receiveReports } from "../../support/receive-report.ts";

const ENDPOINT = "e";
const ISOLATES = 5;

type Message = { readonly of: number; readonly sentAt: number } & (
  | { readonly kind: "report"; readonly report: BreakerReport }
  | { readonly kind: "view"; readonly view: BreakerView }
);

const isolate = fc.nat({ max: ISOLATES - 1 });
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 1_500 }) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("call" as const), isolate, fails: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("end" as const), isolate, fails: fc.boolean() }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("report" as const), isolate }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("exchange" as const), isolate }) },
  { weight: 16, arbitrary: fc.record({ kind: fc.constant("deliver" as const), nth: fc.nat({ max: 7 }), isDuplicate: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose" as const), nth: fc.nat({ max: 7 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

class World {
  readonly #policy: typeof BREAKER;
  readonly #isolates = Array.from({ length: ISOLATES }, (_, index) => ({
    reporter: { isolate: `i${index}`, location: `L${index % 2}` } satisfies Reporter,
    breaker: new LocalBreaker({ ...BREAKER, consecutive: 1 }),
    probes: [] as Admitted[], // in flight: its own, and granted ones
  }));
  #breakers: SharedBreakers = new Map();
  #stored = new Map<string, StoredBreaker>();
  #net: Message[] = [];
  #highest = 0;
  now = 1_000_000;
  granted = 0;

  constructor(probes: number) {
    this.#policy = { ...BREAKER, openMs: 1_000, quorum: 2, probes };
  }

  do(command: Command): void {
    if (command.kind === "wait") this.wait(command.ms);
    else if (command.kind === "call") this.call(command.isolate, command.fails);
    else if (command.kind === "end") this.end(command.isolate, command.fails);
    else if (command.kind === "report") this.report(command.isolate);
    else if (command.kind === "exchange") this.exchange(command.isolate);
    else if (command.kind === "deliver") this.#deliver(command.nth, command.isDuplicate);
    else if (command.kind === "lose") this.#net.splice(command.nth, 1);
    else this.#restart();
  }

  #restart(): void {
    this.#breakers = new Map([...this.#stored].map(([endpoint, stored]) => [endpoint, restore(stored, this.now)]));
    this.#store(new Map());
  }

  wait(ms: number): void {
    this.now += ms;
    for (const one of this.#isolates) {
      const [over, going] = [one.probes.filter((probe) => this.#isOver(probe)), one.probes.filter((probe) => !this.#isOver(probe))];
      for (const probe of over) one.breaker.discard(probe); // aborted, as the gateway does
      one.probes = going;
    }
  }

  #isOver({ probe }: Admitted): boolean {
    return probe !== undefined && probe.endsAt <= this.now;
  }

  call(index: number, fails: boolean): void {
    const { breaker, probes } = this.#isolates[index]!;
    const admission = breaker.admit(this.now, 0.5);
    if (admission.kind === "refused") return;
    if (admission.probe !== undefined) probes.push(admission);
    else breaker.record(admission, fails ? "failed" : "succeeded", 1, this.now, 0.5);
  }

  end(index: number, fails: boolean): void {
    const { breaker, probes } = this.#isolates[index]!;
    const probe = probes.shift();
    if (probe !== undefined) breaker.record(probe, fails ? "failed" : "succeeded", 1, this.now, 0.5);
  }

  report(index: number): void {
    const report = this.#isolates[index]!.breaker.takeReport(this.now);
    if (report !== undefined) this.#net.push({ kind: "report", of: index, sentAt: this.now, report });
  }

  /** A report and its response, undisturbed. All messages on their way arrive before. */
  exchange(index: number): void {
    this.report(index);
    while (this.#net.length > 0) this.#deliver(0, false);
  }

  #deliver(nth: number, isDuplicate: boolean): void {
    const message = this.#net[nth];
    if (message === undefined) return;
    if (!isDuplicate) this.#net.splice(nth, 1);
    const { of, sentAt } = message;
    const { reporter, breaker } = this.#isolates[of]!;
    if (message.kind === "view") {
      breaker.applyView(message.view, sentAt);
      return;
    }
    const before = this.#breakers;
    const [breakers, views] = receiveReports(before, reporter, { [ENDPOINT]: message.report }, this.#policy, this.now);
    this.#breakers = breakers;
    this.#store(before);
    const view = views[ENDPOINT]!;
    expect(view.version).toBeGreaterThanOrEqual(this.#highest);
    this.#highest = view.version;
    if (view.probeId !== undefined) this.granted += 1;
    this.#net.push({ kind: "view", of, sentAt, view });
  }

  /** Stores what has a new version, as the Durable Object does. */
  #store(before: SharedBreakers): void {
    for (const [endpoint, breaker] of this.#breakers) {
      if (breaker.version !== before.get(endpoint)?.version) this.#stored.set(endpoint, toStored(breaker));
    }
  }

  /** Number of probes that may be sent or are in flight. */
  get probes(): number {
    const alive = new Set<string>();
    for (const [index, { breaker, probes }] of this.#isolates.entries()) {
      const { granted: unused } = breaker.state;
      const granted = probes.flatMap(({ probe }) => (probe === undefined || probe.id === 0 ? [] : probe));
      if (unused !== undefined && this.now < unused.endsAt) granted.push(unused);
      for (const one of granted) alive.add(`${index}/${one.version}/${one.id}`);
    }
    return alive.size;
  }

  get kind(): SharedBreaker["kind"] {
    return this.#breakers.get(ENDPOINT)?.kind ?? "closed";
  }

  refuses(index: number): boolean {
    return this.#isolates[index]!.breaker.refuses(this.now, 0.5);
  }
}

it("has at most the configured probes, never an older version, and is closed again once the endpoint is healthy", () => {
  let [granted, opened] = [0, 0];
  fc.assert(
    fc.property(fc.array(command, { minLength: 20, maxLength: 120 }), fc.integer({ min: 1, max: 3 }), (commands, probes) => {
      const world = new World(probes);
      for (let index = 0; index < ISOLATES; index++) world.call(index, true);
      for (let index = 0; index < ISOLATES; index++) world.exchange(index);
      expect(world.kind).toBe("open");
      for (const command of commands) {
        world.do(command);
        expect(world.probes).toBeLessThanOrEqual(probes);
        if (world.kind === "open") opened += 1;
      }
      granted += world.granted;
      const healthyAt = world.now;
      const isServed = () =>
        world.kind === "closed" && Array.from({ length: ISOLATES }, (_, index) => world.refuses(index)).every((refuses) => !refuses);
      while (!isServed() && world.now < healthyAt + 120_000) {
        for (let index = 0; index < ISOLATES; index++) {
          world.end(index, false);
          world.exchange(index);
          world.call(index, false);
          expect(world.probes).toBeLessThanOrEqual(probes);
        }
        world.wait(500);
      }
      expect(isServed()).toBe(true);
    }),
    { numRuns: Number(process.env["COMMAND_RUNS"] ?? 1_500) },
  );
  expect(opened).toBeGreaterThan(1_000); // or the test would have proved nothing
  expect(granted).toBeGreaterThan(500);
  expect(PROBE_MS).toBeGreaterThan(3_000); // or no command would meet an unexpired probe
});
