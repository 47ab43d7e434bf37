// Buckets that are asked with every call: one message to each object that has one of them.
import { waitUntil } from "cloudflare:workers";
import { hash32 } from "../../../core/hash.ts";
import type { Verdict } from "../../../core/limit/token-bucket.ts";
import type { Charge as ObjectCharge, TokenBucket } from "../../../durable-objects/token-bucket.ts";
import { type Charge, isRefused, type Limiter, type Verdicts } from "./limiter.ts";

interface Group {
  readonly object: () => DurableObjectStub<TokenBucket>;
  readonly indexes: readonly number[];
}

export class ExactBuckets implements Limiter {
  readonly #buckets: DurableObjectNamespace<TokenBucket>;
  readonly #shards: number;

  constructor(buckets: DurableObjectNamespace<TokenBucket>, shards: number) {
    this.#buckets = buckets;
    this.#shards = shards;
  }

  async take(charges: readonly Charge[]): Promise<Verdicts> {
    const verdicts: (Verdict | undefined)[] = charges.map(() => undefined);
    const groups = this.#groups(charges);
    await Promise.all(
      groups.map(async ({ object, indexes }) => {
        const waitMs = Math.min(...indexes.map((index) => charges[index]!.rule.waitMs));
        const answer = await within(waitMs, () => object().take(indexes.map((index) => forObject(charges[index]!))));
        for (const [at, index] of indexes.entries()) verdicts[index] = answer?.[at];
      }),
    );
    // An object takes all or nothing; what others took for a call that will not be made goes back.
    if (isRefused(verdicts)) {
      for (const { indexes } of groups)
        if (indexes.every((index) => verdicts[index]?.kind === "allowed")) this.giveBack(indexes.map((index) => charges[index]!));
    }
    return verdicts;
  }

  giveBack(charges: readonly Charge[]): void {
    this.#behind(charges, (object, some) => object.giveBack(some));
  }

  takeAnyway(charges: readonly Charge[]): void {
    this.#behind(charges, (object, some) => object.takeAnyway(some));
  }

  /** Behind the answer; lost where the object can't be asked. */
  #behind(charges: readonly Charge[], tell: (object: DurableObjectStub<TokenBucket>, some: ObjectCharge[]) => Promise<unknown>): void {
    for (const { object, indexes } of this.#groups(charges)) {
      const some = indexes.map((index) => forObject(charges[index]!));
      waitUntil(tell(object(), some).catch(() => undefined));
    }
  }

  #groups(charges: readonly Charge[]): Group[] {
    const byShard = Map.groupBy(charges.keys(), (index) => hash32(charges[index]!.key) % this.#shards);
    return [...byShard].map(([shard, indexes]) => ({ object: () => this.#buckets.getByName(`shard-${shard}`), indexes }));
  }
}

function forObject({ key, limit, cost }: Charge): ObjectCharge {
  return { key, limit, cost };
}

/** @returns what `ask` answers, or undefined when it fails or does not answer in time: a slow limiter is as good as none (W2) */
async function within<T>(waitMs: number, ask: () => Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, waitMs, undefined);
  });
  try {
    return await Promise.race([ask(), late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer ?? null);
  }
}
