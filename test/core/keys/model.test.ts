// Revocation on random walks: isolates, relays and the Durable Object with the code that runs in production, while questions and exchanges
// are lost, late, doubled or out of order, relays restart, and keys are rolled and revoked. And faults that the walks have to find.
import { expect, it } from "vitest";
import type { KeysView } from "../../../core/exchange/key-messages.ts";
import { RelayedKeys } from "../../../core/exchange/relayed-keys.ts";
import { KeyCache } from "../../../core/keys/key-cache.ts";
import { appendChanges, changesSince, EMPTY_KEY_LOG, type KeyDelta, type KeyLog } from "../../../core/keys/key-log.ts";
import type { KeyGrant } from "../../../core/keys/key-record.ts";
import { RevocationView } from "../../../core/keys/revocation-view.ts";
import { randomStream } from "../../simulation/simulation.ts";

const LIMITS = { maxAgeMs: 10_000, maxStaleMs: 60_000 };
const IDS = ["a", "b", "c"];
const RELAYS = 2;
const ISOLATES = 3;
const MAX_CHANGES = 3; // so few that floors are frequent
const STEP_MS = 700;

interface Variant {
  readonly logFirst?: boolean; // the sequence is written before the key
  readonly agesNot?: boolean; // views do not age in a relay
  readonly ignoresSeq?: boolean; // readings are taken whatever has changed since they started
}

interface Isolate {
  readonly cache: KeyCache<KeyGrant>;
  readonly view: RevocationView;
  failedAt: number;
}

interface Relay {
  keys: RelayedKeys;
  life: number;
}

type Message = { readonly at: number; readonly run: () => void };

class Walk {
  readonly #random: () => number;
  readonly #variant: Variant;
  now = 1_000_000;
  accepted = 0;
  revoked = 0;
  #log: KeyLog = EMPTY_KEY_LOG;
  readonly #grants = new Map(IDS.map((id) => [id, grantOf(id, 1)]));
  readonly #revokedAt = new Map<string, number>(); // when both the key and the sequence had been written
  readonly #relays: Relay[] = Array.from({ length: RELAYS }, () => ({ keys: new RelayedKeys(), life: 0 }));
  readonly #isolates: Isolate[] = Array.from({ length: ISOLATES }, () => isolate());
  #messages: Message[] = [];

  constructor(random: () => number, variant: Variant) {
    this.#random = random;
    this.#variant = variant;
  }

  step(): void {
    const chance = this.#random();
    const one = this.#isolates[this.#below(ISOLATES)]!;
    const id = IDS[this.#below(IDS.length)]!;
    if (chance < 0.3) this.#call(one, id);
    else if (chance < 0.45) this.now += this.#below(STEP_MS);
    else if (chance < 0.47) this.now += this.#below(70_000);
    else if (chance < 0.55) this.#question(one, this.#below(RELAYS), [id]);
    else if (chance < 0.6) this.#question(one, this.#below(RELAYS), []);
    else if (chance < 0.63) this.#change(id);
    else if (chance < 0.635) this.#restart();
    else this.#deliver();
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  /** What a call of the gateway does, except that no question is answered while it waits: the walk delivers answers at any time. */
  #call(one: Isolate, id: string): void {
    const held = one.cache.get(id, this.now);
    if (held === undefined) return;
    const decision = one.view.decide(this.now);
    if (decision.kind !== "usable") {
      if (decision.kind === "waits" && this.#random() < 0.3) {
        one.view.failed(this.now);
        one.failedAt = this.now;
      }
      return;
    }
    this.accepted += 1;
    const revokedAt = this.#revokedAt.get(id);
    if (held.revokedAt !== undefined) return; // refused by the key itself
    if (revokedAt === undefined) return;
    const late = this.now - revokedAt;
    if (late > LIMITS.maxStaleMs) throw new Error(`accepted ${late} ms after its revocation, above maxStaleMs`);
    if (late > LIMITS.maxAgeMs && this.now - one.failedAt >= 5_000)
      throw new Error(`accepted ${late} ms after its revocation, although no question has failed`);
  }

  /** A question to a relay, and its way back. The relay reads what it does not have; each of the messages may be late or lost. */
  #question(one: Isolate, index: number, wanted: readonly string[]): void {
    const sentAt = this.now;
    const known = one.cache.size === 0 ? 0 : one.cache.log.seq;
    this.#send(() => {
      const relay = this.#relays[index]!;
      const { keys, life } = relay;
      const request = keys.receiveQuestion(LIMITS.maxAgeMs, this.now);
      const isAlive = (): boolean => this.#relays[index]!.life === life;
      if (request !== undefined) {
        this.#send(() => {
          const delta: KeyDelta = changesSince(this.#log, request.known);
          this.#send(() => isAlive() && keys.apply(request, delta));
        });
      }
      for (const id of wanted) {
        if (keys.readingOf({ id, revision: 0 }, this.now) !== undefined) continue;
        const { seq } = keys;
        this.#send(() => {
          const grant = this.#grants.get(id)!;
          this.#send(() => isAlive() && keys.read(id, grant, this.#variant.ignoresSeq === true ? Number.POSITIVE_INFINITY : seq, this.now));
        });
      }
      this.#send(() => {
        if (!isAlive()) return;
        const view = this.#viewOf(keys, known);
        if (view === undefined) return;
        const readings = wanted.map((id) => keys.readingOf({ id, revision: 0 }, this.now));
        this.#send(() => this.#answered(one, sentAt, view, readings));
      });
    });
  }

  #viewOf(keys: RelayedKeys, known: number): KeysView | undefined {
    const view = keys.viewFor(known, this.now);
    return view && this.#variant.agesNot === true ? { ...view, ageMs: 0 } : view;
  }

  #answered(one: Isolate, sentAt: number, { delta, ageMs }: KeysView, readings: readonly ReturnType<RelayedKeys["readingOf"]>[]): void {
    one.cache.apply(delta);
    one.view.learned(sentAt, ageMs, this.now);
    if (one.view.ageMs(this.now) > LIMITS.maxAgeMs) one.failedAt = this.now; // the relay had no recent view: as good as no answer
    for (const reading of readings) {
      if (reading?.kind !== "found") continue;
      const { grant } = reading;
      if ((one.cache.get(grant.id, this.now)?.revision ?? 0) <= grant.revision) one.cache.insert(grant.id, grant, 1, delta.seq, this.now);
    }
  }

  /** A key is changed, at times for good. The operator has a response when the key and the sequence are written, in this order. */
  #change(id: string): void {
    const before = this.#grants.get(id)!;
    if (before.revokedAt !== undefined) return;
    const isEnd = this.#random() < 0.4;
    const after: KeyGrant = { ...before, revision: before.revision + 1, ...(isEnd ? { revokedAt: this.now } : {}) };
    const writeKey = (): void => void this.#grants.set(id, after);
    const writeLog = (): void => {
      this.#log = appendChanges(this.#log, [id], this.now, MAX_CHANGES);
    };
    const [first, second] = this.#variant.logFirst === true ? [writeLog, writeKey] : [writeKey, writeLog];
    first();
    for (let gap = this.#below(30); gap > 0; gap--) {
      if (gap % 5 === 0) this.#question(this.#isolates[this.#below(ISOLATES)]!, this.#below(RELAYS), [id]);
      this.#deliver();
    }
    second();
    if (!isEnd) return;
    this.revoked += 1;
    this.#revokedAt.set(id, this.now);
  }

  #restart(): void {
    const relay = this.#relays[this.#below(RELAYS)]!;
    relay.keys = new RelayedKeys();
    relay.life += 1;
  }

  #send(run: () => void): void {
    if (this.#messages.length < 40) this.#messages.push({ at: this.now, run });
  }

  /** Any message: lost, delivered, or delivered and kept. */
  #deliver(): void {
    if (this.#messages.length === 0) return;
    const nth = this.#below(this.#messages.length);
    const message = this.#messages[nth]!;
    const chance = this.#random();
    if (chance < 0.93) this.#messages.splice(nth, 1);
    if (chance >= 0.08) message.run();
  }
}

function grantOf(id: string, revision: number): KeyGrant {
  return { id, revision, digest: "", owner: "", plan: "", scopes: [], addresses: [] };
}

function isolate(): Isolate {
  return { cache: new KeyCache(100_000), view: new RevocationView(LIMITS), failedAt: Number.NEGATIVE_INFINITY };
}

function walks(count: number, steps: number, variant: Variant, seed: number) {
  const random = randomStream(seed);
  let [accepted, revoked] = [0, 0];
  for (let n = 0; n < count; n++) {
    const walk = new Walk(random, variant);
    try {
      for (let step = 0; step < steps; step++) walk.step();
    } catch (error) {
      return { violation: (error as Error).message, accepted, revoked };
    }
    accepted += walk.accepted;
    revoked += walk.revoked;
  }
  return { violation: "nothing", accepted, revoked };
}

it.each([1, 2, 3])("a revoked key counts for no longer than the view may be old (seed %d)", (seed) => {
  const { violation, accepted, revoked } = walks(400, 400, {}, seed);
  expect(violation).toBe("nothing");
  expect(accepted).toBeGreaterThan(500);
  expect(revoked).toBeGreaterThan(200);
});

it.each<[string, Variant]>([
  ["a sequence that is written before the key", { logFirst: true }],
  ["views that do not age in the relay", { agesNot: true }],
  ["readings that are older than a change", { ignoresSeq: true }],
])("finds %s", (_, variant) => {
  expect(walks(4_000, 400, variant, 1).violation).toContain("after its revocation");
});
