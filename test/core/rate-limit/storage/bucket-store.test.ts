// Buckets that are in memory and only partly in storage: a restart at any time admits nothing twice, and costs callers little.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BucketLease } from "../../../../core/rate-limit/lease.ts";
import type { LeasedBucket } from "../../../../core/rate-limit/lease-record.ts";
import { longestLeaseMs } from "../../../../core/rate-limit/lease-sizing.ts";
import { bucketEndsAt, CLOCK_GUARD_MS, grantLease, reservedByLeases } from "../../../../core/rate-limit/leased-bucket.ts";
import { BootMarker, type StoredMarker } from "../../../../core/rate-limit/storage/boot-marker.ts";
import { type BucketRows, BucketStore } from "../../../../core/rate-limit/storage/bucket-store.ts";
import { type BucketKind, EXACT, LEASED, type StoredBucket } from "../../../../core/rate-limit/storage/stored-bucket.ts";
import { type Bucket, type BucketLimit, expiresAt, overdraw, returnTokens, takeTokens } from "../../../../core/rate-limit/token-bucket.ts";

const START = 1_000_000;

/** What survives a restart. Rows are deleted once they are full, as late as one likes. */
class Disk implements BucketRows {
  readonly rows = new Map<string, { row: StoredBucket; fullAt: number }>();
  marker: StoredMarker | undefined;
  written = 0;
  read = 0;

  load(name: string): StoredBucket | undefined {
    this.read += 1;
    return this.rows.get(name)?.row;
  }
  store(name: string, row: StoredBucket, fullAt: number): void {
    this.written += 1;
    this.rows.set(name, { row, fullAt });
  }
  hasRoom(): boolean {
    return true;
  }
  sweep(now: number): void {
    for (const [name, { fullAt }] of this.rows) if (fullAt <= now) this.rows.delete(name);
  }
  start<B>(kind: BucketKind<B>, now: number, max = 1_000): BucketStore<B> {
    const marker = new BootMarker(this.marker, now, (stored) => {
      this.written += 1;
      this.marker = stored;
    });
    return new BucketStore(kind, "", this, marker, max);
  }
}

/** The most by which a window of admissions exceeds capacity + rate x length, tokens. */
class Excess {
  #level = 0;
  #at = 0;
  most = 0;
  admit(tokens: number, now: number, { capacity, rate, intervalMs }: BucketLimit): void {
    this.#level = Math.max(0, this.#level - ((now - this.#at) * rate) / intervalMs) + tokens;
    this.#at = now;
    this.most = Math.max(this.most, this.#level - capacity);
  }
}

const limits = fc.oneof(
  fc.record({ capacity: fc.integer({ min: 1, max: 300 }), rate: fc.integer({ min: 1, max: 300 }), intervalMs: fc.constant(1_000) }),
  fc.record({ capacity: fc.integer({ min: 1, max: 300 }), rate: fc.integer({ min: 1, max: 300 }), intervalMs: fc.constant(60_000) }),
);
const gaps = fc.oneof(fc.constant(0), fc.nat(50), fc.nat(3_000), fc.nat(30_000));

describe("exact buckets over restarts", () => {
  it("admit in no window more than capacity + rate x length", () => {
    const step = fc.record({ gapMs: gaps, act: fc.constantFrom("take", "take", "take", "restart", "sweep"), cost: fc.nat(40) });
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 80 }), (limit, script) => {
        const disk = new Disk();
        const excess = new Excess();
        let store = disk.start(EXACT, START);
        let now = START;
        for (const { gapMs, act, cost } of script) {
          now += gapMs;
          if (act === "restart") store = disk.start(EXACT, now);
          else if (act === "sweep") disk.sweep(now);
          else {
            const open = store.open("a", limit, now, 0);
            const tokens = Math.max(1, Math.min(cost, limit.capacity));
            const [bucket, { kind }] = takeTokens(open.bucket, limit, tokens, now);
            if (kind === "refused") continue;
            store.set(open, bucket, tokens, expiresAt(bucket, limit), now);
            excess.admit(tokens, now, limit);
          }
        }
        expect(excess.most).toBeLessThanOrEqual(1e-6);
      }),
      { numRuns: 2_000 },
    );
  });

  it("forget no debt", () => {
    fc.assert(
      fc.property(limits, fc.nat(300), fc.nat(20_000), (limit, cost, gapMs) => {
        const disk = new Disk();
        const store = disk.start(EXACT, START);
        const taken = takeTokens(undefined, limit, limit.capacity, START)[0];
        const bucket = overdraw(taken, limit, cost, START);
        store.set(store.open("a", limit, START, 0), bucket, limit.capacity + cost, expiresAt(bucket, limit), START);
        const now = START + gapMs;
        const after = disk.start(EXACT, now).open("a", limit, now, 0).bucket;
        const most = (known: Bucket | undefined, at: number) => Math.max(0, returnTokens(known, limit, 0, at).credit);
        for (const at of [now, now + 1, now + gapMs, now + 60_000]) expect(most(after, at)).toBeLessThanOrEqual(most(bucket, at));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("leased buckets over restarts", () => {
  it("admit in no window more than capacity + rate x length, whatever leases live on, are lost, or are declared again", () => {
    const step = fc.record({
      gapMs: gaps,
      isolate: fc.nat(2),
      act: fc.constantFrom("spend", "spend", "spend", "request", "request", "restart", "sweep", "die"),
      count: fc.nat(60),
      isLost: fc.boolean(),
    });
    const aheadMs = fc.constantFrom(0, 0, 150, 500, 2_000);
    fc.assert(
      fc.property(limits, aheadMs, fc.array(step, { maxLength: 120 }), (limit, ahead, script) => {
        const disk = new Disk();
        const excess = new Excess();
        let store = disk.start(LEASED, START);
        let now = START;
        let lives = 0;
        const isolates = Array.from({ length: 3 }, (_, index) => ({ name: `i${index}`, lease: new BucketLease() }));
        for (const { gapMs, isolate, act, count, isLost } of script) {
          now += gapMs;
          const one = isolates[isolate]!;
          if (act === "restart") store = disk.start(LEASED, now);
          else if (act === "sweep") disk.sweep(now);
          else if (act === "die") isolates[isolate] = { name: `j${++lives}`, lease: new BucketLease() };
          else if (act === "spend") {
            for (let n = 0; n < count; n++) if (one.lease.take(1, now).kind === "allowed") excess.admit(1, now, limit);
          } else if (!one.lease.isRequesting(now)) {
            const request = one.lease.request(one.name, Math.min(count % 4, limit.capacity), now, ahead);
            const open = store.open("a", limit, now, longestLeaseMs(limit, request) + CLOCK_GUARD_MS);
            const [bucket, grant] = grantLease(open.bucket, limit, request, now, 0.5);
            const reserved = reservedByLeases(bucket.leases);
            expect(bucket.tokens + reserved.capacity).toBeLessThanOrEqual(limit.capacity + 1e-6);
            expect(reserved.ratePerMs).toBeLessThanOrEqual(limit.rate / limit.intervalMs + 1e-9);
            if (grant === undefined) continue;
            store.set(open, bucket, grant.tokens, bucketEndsAt(bucket, limit), now);
            if (!isLost) one.lease.applyGrant(grant, now, now);
          }
        }
        expect(excess.most).toBeLessThanOrEqual(1e-6);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a busy leased bucket over restarts", () => {
  const TICK_MS = 20;
  const run = (limit: BucketLimit, load: number, restarts: ReadonlySet<number>, declares: boolean) => {
    const disk = new Disk();
    const excess = new Excess();
    let store = disk.start(LEASED, START);
    const isolates = Array.from({ length: 3 }, (_, index) => ({ name: `i${index}`, lease: new BucketLease(), owed: 0 }));
    let admitted = 0;
    for (let tick = 0; tick < 500; tick++) {
      const now = START + tick * TICK_MS;
      if (restarts.has(tick)) store = disk.start(LEASED, now);
      for (const one of isolates) {
        one.owed += (load * TICK_MS * limit.rate) / limit.intervalMs / isolates.length;
        let needed = 0;
        for (; one.owed >= 1; one.owed -= 1) {
          const { kind } = one.lease.take(1, now);
          if (kind === "allowed") {
            excess.admit(1, now, limit);
            admitted += 1;
          } else if (kind === "request") needed += 1;
        }
        if (one.lease.isRequesting(now) || (needed === 0 && !one.lease.isLow(now))) continue;
        const { shareHeld, ...undeclared } = one.lease.request(one.name, Math.min(needed, limit.capacity), now);
        const request = declares && shareHeld !== undefined ? { ...undeclared, shareHeld } : undeclared;
        const open = store.open("a", limit, now, longestLeaseMs(limit, request) + CLOCK_GUARD_MS);
        const [bucket, grant] = grantLease(open.bucket, limit, request, now, 0.5);
        store.set(open, bucket, grant!.tokens, bucketEndsAt(bucket, limit), now);
        one.lease.applyGrant(grant, now, now);
      }
    }
    return { excess: excess.most, admitted };
  };

  it("admits in no window more than capacity + rate x length", () => {
    const busy = fc.record({
      capacity: fc.integer({ min: 50, max: 4_000 }),
      rate: fc.integer({ min: 200, max: 2_000 }),
      intervalMs: fc.constantFrom(1_000, 2_000),
    });
    const ticks = fc.array(fc.nat(499), { maxLength: 4 }).map((list) => new Set(list));
    fc.assert(
      fc.property(busy, fc.constantFrom(0.5, 1, 3), ticks, fc.boolean(), (limit, load, restarts, declares) => {
        expect(run(limit, load, restarts, declares).excess).toBeLessThanOrEqual(1e-6);
      }),
      { numRuns: 100 },
    );
  });

  it("goes on with the shares that isolates declare", () => {
    const limit = { capacity: 1_000, rate: 1_000, intervalMs: 1_000 };
    const [steady, restarted, forgotten] = [
      run(limit, 0.9, new Set(), true),
      run(limit, 0.9, new Set([250]), true),
      run(limit, 0.9, new Set([250]), false),
    ];
    expect(restarted.admitted / steady.admitted).toBeGreaterThan(0.9);
    expect(restarted.admitted).toBeGreaterThan(forgotten.admitted);
  });
});

describe("what is written", () => {
  const short: BucketLimit = { capacity: 100, rate: 50, intervalMs: 1_000 };
  const hourly: BucketLimit = { capacity: 1_000, rate: 1_000, intervalMs: 3_600_000 };
  const take = (store: BucketStore<Bucket>, key: string, limit: BucketLimit, now: number): string => {
    const open = store.open(key, limit, now, 0);
    const [bucket, { kind }] = takeTokens(open.bucket, limit, 1, now);
    if (kind === "allowed") store.set(open, bucket, 1, expiresAt(bucket, limit), now);
    return kind;
  };

  it("is one marker in 5 s for buckets that fill within 10 s, and nothing while idle", () => {
    const disk = new Disk();
    const store = disk.start(EXACT, START);
    for (let ms = 0; ms < 60_000; ms += 200) take(store, `k${ms}`, short, START + ms);
    expect(disk.rows.size).toBe(0);
    expect(disk.written).toBeLessThanOrEqual(13);
    expect(disk.read).toBe(0);
  });

  it("is a marker for the first tokens of a larger bucket, then a row for each block", () => {
    const disk = new Disk();
    const store = disk.start(EXACT, START);
    for (let call = 0; call < 31; call++) take(store, "a", hourly, START);
    expect([disk.rows.size, disk.written]).toEqual([0, 1]);
    for (let call = 31; call < 1_000; call++) expect(take(store, "a", hourly, START)).toBe("allowed");
    expect(disk.rows.size).toBe(1);
    expect(disk.written).toBeLessThanOrEqual(100);
  });

  it.each([
    { name: "a short bucket", limit: short, every: 12_000, calls: 50 },
    { name: "an hourly quota", limit: hourly, every: 20_000, calls: 300 },
    { name: "a quota of one call", limit: { capacity: 1, rate: 1, intervalMs: 60_000 }, every: 60_000, calls: 20 },
    { name: "a quota of three calls", limit: { capacity: 3, rate: 3, intervalMs: 60_000 }, every: 20_000, calls: 20 },
    { name: "one call in 10 s", limit: { capacity: 1, rate: 1, intervalMs: 10_000 }, every: 12_000, calls: 20 },
  ])("lets a caller of $name make its calls, though its Durable Object loses its memory before each of them", ({ limit, every, calls }) => {
    const disk = new Disk();
    for (let call = 0; call < calls; call++) {
      const now = START + call * every;
      disk.sweep(now);
      expect(take(disk.start(EXACT, now), "a", limit, now)).toBe("allowed");
    }
  });

  it("costs a caller at most an eighth of its calls, and a 32nd of its capacity, at a crash", () => {
    const disk = new Disk();
    const store = disk.start(EXACT, START);
    for (let call = 0; call < 500; call++) take(store, "a", hourly, START);
    const again = disk.start(EXACT, START);
    let left = 0;
    while (take(again, "a", hourly, START) === "allowed") left += 1;
    expect(left).toBeLessThanOrEqual(500);
    expect(left).toBeGreaterThanOrEqual(500 - 1_000 / 32);
  });

  it("is nothing for a key without room, and a bucket that is not full stays", () => {
    const disk = new Disk();
    const store = disk.start(EXACT, START, 2);
    for (const key of ["a", "b"]) take(store, key, short, START);
    expect([store.hasRoom(short, START), store.open("a", short, START, 0).isOwn, store.open("c", short, START, 0).isOwn]).toEqual([
      false,
      true,
      false,
    ]);
    expect(store.hasRoom(short, START + 1_000)).toBe(true); // both are full again
  });
});

describe("a short bucket of a rule that fails closed, after a crash", () => {
  const limit: BucketLimit = { capacity: 20, rate: 10, intervalMs: 1_000 };
  const request = (store: BucketStore<LeasedBucket>, lease: BucketLease, needed: number, now: number) => {
    const sent = lease.request("i", needed, now, 500);
    const open = store.open("a", limit, now, longestLeaseMs(limit, sent) + CLOCK_GUARD_MS);
    const [bucket, grant] = grantLease(open.bucket, limit, sent, now, 0.5);
    store.set(open, bucket, grant!.tokens, bucketEndsAt(bucket, limit), now);
    lease.applyGrant(grant, now, now);
    return grant!;
  };
  const crashed = (now: number) => {
    const disk = new Disk();
    const store = disk.start(LEASED, START);
    const lease = new BucketLease();
    for (let at = START; at < now; at += 200) request(store, lease, 1, at); // the marker is ahead by 5 s
    return disk.start(LEASED, now);
  };

  it("lends again when no lease of before can live, and its calls wait until then and for the next token, but are not refused", () => {
    const now = START + 3_000;
    const store = crashed(now);
    const waiting = new BucketLease();
    expect(request(store, waiting, 1, now)).toMatchObject({ tokens: 0, isUnreachable: true, recoversAfterMs: 500 + CLOCK_GUARD_MS + 100 });
    expect(waiting.take(1, now)).toEqual({ kind: "request" });
    const early = request(store, waiting, 3, now + 800);
    expect(early).toMatchObject({ tokens: 0, pauseMs: 0, recoversAfterMs: Math.ceil(3 / 0.00875) });
    expect(early).not.toHaveProperty("isUnreachable");
    expect(waiting.take(3, now + 800 + 343)).toEqual({ kind: "allowed", owed: 0 });
  });

  it("refuses calls that need more than comes back while they can wait", () => {
    const now = START + 3_000;
    const refused = request(crashed(now), new BucketLease(), 20, now + 800);
    expect(refused.tokens).toBe(0);
    expect(refused.retryAfterMs).toBeGreaterThan(1_000);
    expect(refused).not.toHaveProperty("recoversAfterMs");
  });
});
