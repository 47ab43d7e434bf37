// A random walk over the history of versions: clients with old states, responses that get lost, crashes before and after a write, and
// isolates that poll. A second, simpler account of it says what must hold; weakened histories are found by the same walk.
import { describe, expect, it } from "vitest";
import { assert } from "../../../core/assert.ts";
import { changed, type HistoryOutcome, liveVersion, type Operation, versionOf } from "../../../core/control/history.ts";
import { MAX_VERSIONS } from "../../../core/control/retention.ts";
import { EMPTY_HISTORY, type VersionHistory } from "../../../core/control/version.ts";

const STEPS = 3_000;
const SEEDS = [1, 2, 3, 4, 5, 6];
const MIB = 1_048_576;

type Crash = "none" | "before_write" | "after_write";

/** A Durable Object with a memory and a disk. */
class Plane {
  memory: VersionHistory = EMPTY_HISTORY;
  disk: VersionHistory = EMPTY_HISTORY;

  /** @returns undefined where the response is lost */
  apply(operation: Operation, now: number, crash: Crash): HistoryOutcome | undefined {
    const outcome = this.decide(operation, now);
    if (outcome.kind === "changed" && crash !== "before_write") this.write(outcome.history);
    if (crash !== "none") this.evict();
    return crash === "none" ? outcome : undefined;
  }

  decide(operation: Operation, now: number): HistoryOutcome {
    return changed(this.memory, operation, now);
  }

  write(history: VersionHistory): void {
    this.disk = history;
    this.memory = history;
  }

  evict(): void {
    this.memory = this.disk;
  }
}

/** What must be true, kept as the plainest account of the changes that were made. */
class Account {
  sequence = 0;
  lives: number[] = [];
  canary: number | undefined;
  digests = new Map<number, string>();
  last = 0;
  views = new Map<number, string>(); // pointers by sequence

  /** Checks a change that was made, and takes it over. */
  take(before: VersionHistory, after: VersionHistory, operation: Operation): void {
    assert(operation.expected === this.sequence, `made against ${operation.expected}, while ${this.sequence} was current`);
    assert(before.sequence === this.sequence, `started from ${before.sequence}, while ${this.sequence} was current`);
    assert(after.sequence > this.sequence, `sequence ${after.sequence} after ${this.sequence}`);
    this.sequence = after.sequence;
    this.#apply(operation);
    const cut = this.lives.findLastIndex((version) => versionOf(after, version) === undefined) + 1;
    this.lives = this.lives.slice(cut).slice(-MAX_VERSIONS);
    const pointers = JSON.stringify([this.lives.at(-1) ?? 0, this.canary]);
    this.views.set(after.sequence, pointers);
  }

  #apply(operation: Operation): void {
    switch (operation.kind) {
      case "publish":
        this.last += 1;
        this.digests.set(this.last, operation.digest);
        if (operation.share === undefined) this.lives.push(this.last);
        else this.canary = this.last;
        return;
      case "promote":
        if (operation.share !== undefined) return;
        this.lives.push(this.canary!);
        this.canary = undefined;
        return;
      case "abort":
        this.canary = undefined;
        return;
      case "rollback":
        if (operation.to === 0) this.lives = [];
        else if (operation.to !== undefined) {
          const at = this.lives.lastIndexOf(operation.to);
          if (at === -1) this.lives.push(operation.to);
          else this.lives.length = at + 1;
        } else if (this.canary === undefined) this.lives.pop();
        this.canary = undefined;
    }
  }

  check(history: VersionHistory): void {
    assert(history.sequence === this.sequence, `sequence ${history.sequence}, ${this.sequence} was acknowledged`);
    assert(liveVersion(history) === (this.lives.at(-1) ?? 0), `live ${liveVersion(history)}, want ${this.lives.at(-1) ?? 0}`);
    assert(history.canary?.version === this.canary, `canary ${history.canary?.version}, want ${this.canary}`);
    const latest = Array.from({ length: Math.min(40, this.last) }, (_, n) => this.last - n);
    const needed = [...latest, ...this.lives.slice(-2), ...(this.canary === undefined ? [] : [this.canary])];
    for (const number of needed) {
      const stored = versionOf(history, number);
      assert(stored !== undefined, `version ${number} is not stored; live ${this.lives.slice(-2)}, canary ${this.canary}`);
      assert(stored.digest === this.digests.get(number), `version ${number} has digest ${stored.digest}`);
    }
    assert(new Set(history.versions.map(({ version }) => version)).size === history.versions.length, "a number is used twice");
    assert(history.versions.length <= MAX_VERSIONS + 3, `${history.versions.length} versions are stored`);
  }
}

/** The walk. @throws Error at the first broken promise */
function walk(plane: Plane, seed: number): { changes: number; conflicts: number; lost: number; kinds: Set<string> } {
  const rng = seeded(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(rng() * items.length)]!;
  const account = new Account();
  const clients = [0, 0, 0, 0]; // the sequence that each has seen
  const isolates = [0, 0, 0];
  const seen = { changes: 0, conflicts: 0, lost: 0, kinds: new Set<string>() };
  let again: Operation | undefined; // a client repeats what had no response
  let now = Date.UTC(2026, 0, 1);

  for (let step = 0; step < STEPS; step++) {
    now += rng() < 0.05 ? -Math.floor(rng() * 10_000) : Math.floor(rng() * 1_000); // the clock is set back at times
    if (rng() < 0.05) plane.evict();
    const client = Math.floor(rng() * clients.length);
    if (rng() < 0.5) clients[client] = plane.memory.sequence;
    const operation = again ?? operationOf(rng, pick, plane.memory, clients[client]!, step);
    const crash = rng() < 0.1 ? pick(["before_write", "after_write"] as const) : "none";
    const before = plane.memory;
    const outcome = plane.apply(operation, now, crash);
    if (outcome === undefined) seen.lost += 1;
    again = outcome === undefined ? operation : undefined;
    const isChanged = outcome === undefined ? plane.memory.sequence !== before.sequence : outcome.kind === "changed";
    if (isChanged) {
      account.take(before, plane.memory, operation);
      seen.changes += 1;
      seen.kinds.add(plane.memory.changes.at(-1)!.kind);
    }
    if (outcome?.kind === "conflict") {
      seen.conflicts += 1;
      assert(outcome.sequence === account.sequence, `conflict names ${outcome.sequence}`);
      assert(outcome.winner?.sequence === account.sequence, "conflict does not name the change that won");
    }
    account.check(plane.memory);
    poll(plane, account, isolates, rng);
  }
  return seen;
}

/** An isolate takes a view that is newer than its own; one sequence has one meaning. */
function poll(plane: Plane, account: Account, isolates: number[], rng: () => number): void {
  const isolate = Math.floor(rng() * isolates.length);
  const { memory } = plane;
  if (memory.sequence <= isolates[isolate]!) return;
  isolates[isolate] = memory.sequence;
  const pointers = JSON.stringify([liveVersion(memory), memory.canary?.version]);
  assert(account.views.get(memory.sequence) === pointers, `sequence ${memory.sequence} means ${pointers}`);
}

function operationOf(
  rng: () => number,
  pick: <T>(items: readonly T[]) => T,
  history: VersionHistory,
  expected: number,
  step: number,
): Operation {
  const base = { expected, author: "ann", reason: `step ${step}` };
  const share = { percent: pick([0.01, 5, 50, 100]) };
  const digest = `digest-${rng() < 0.3 ? Math.floor(rng() * 5) : step}`; // some are published again
  const bytes = Math.floor(rng() * 3 * MIB);
  const stored = history.versions.map(({ version }) => version);
  return pick<Operation>([
    { ...base, kind: "publish", digest, bytes },
    { ...base, kind: "publish", digest, bytes },
    { ...base, kind: "publish", digest, bytes, share },
    { ...base, kind: "promote" },
    { ...base, kind: "promote", share },
    { ...base, kind: "abort" },
    { ...base, kind: "rollback" },
    { ...base, kind: "rollback", to: rng() < 0.05 ? 0 : (pick(stored) ?? 99) },
  ]);
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("the history of versions", () => {
  it.each(SEEDS)("is one sequence of changes in which nothing acknowledged is lost (seed %i)", (seed) => {
    const { changes, conflicts, lost, kinds } = walk(new Plane(), seed);
    expect([...kinds].toSorted()).toEqual(["abort", "canary", "promote", "publish", "rollback"]);
    expect(Math.min(changes - 500, conflicts - 100, lost - 100)).toBeGreaterThan(0); // the walk went somewhere
  });
});

/** Each has one fault of a kind that a history could have. */
const WEAKENED: Readonly<Record<string, () => Plane>> = {
  "accepts changes that were made against another state": () =>
    new (class extends Plane {
      override decide(operation: Operation, now: number): HistoryOutcome {
        return changed(this.memory, { ...operation, expected: this.memory.sequence }, now);
      }
    })(),
  "responds before it writes": () =>
    new (class extends Plane {
      override write(history: VersionHistory): void {
        if (history.sequence % 7 !== 0) this.disk = history;
        this.memory = history;
      }
    })(),
  "takes sequences from the clock alone": () =>
    new (class extends Plane {
      override decide(operation: Operation, now: number): HistoryOutcome {
        const outcome = super.decide(operation, now);
        return outcome.kind === "changed" ? { ...outcome, history: { ...outcome.history, sequence: now } } : outcome;
      }
    })(),
  "numbers versions by how many are stored": () =>
    new (class extends Plane {
      override decide(operation: Operation, now: number): HistoryOutcome {
        const history = { ...this.memory, lastVersion: this.memory.versions.length };
        return changed(history, operation, now);
      }
    })(),
  "drops the oldest versions, whatever they are": () =>
    new (class extends Plane {
      override write(history: VersionHistory): void {
        super.write({ ...history, versions: history.versions.slice(-45) });
      }
    })(),
  "forgets a canary with its memory": () =>
    new (class extends Plane {
      override evict(): void {
        this.memory = { ...this.disk, canary: undefined };
      }
    })(),
};

describe.each(Object.entries(WEAKENED))("a history that %s", (_name, weakened) => {
  it("is found by the walk", () => {
    const found = SEEDS.filter((seed) => {
      try {
        walk(weakened(), seed);
        return false;
      } catch (error) {
        expect(String(error)).toContain("assertion failed");
        return true;
      }
    });
    expect(found.length).toBeGreaterThan(0);
  });
});
