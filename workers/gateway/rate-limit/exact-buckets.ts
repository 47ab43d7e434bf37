// Buckets that are asked with every call: one message to each object that has one of them. A key that is hot has an object of its own.
import { waitUntil } from "cloudflare:workers";
import { hash32 } from "../../../core/hash.ts";
import { type BucketMoved, MovedKeys } from "../../../core/rate-limit/hot-key.ts";
import { type BucketDecision, bucketKey } from "../../../core/rate-limit/token-bucket.ts";
import type { BucketCharge as ObjectCharge, TokenBucket } from "../../../durable-objects/token-bucket.ts";
import type { BucketDecisions, Charge, RateLimiter } from "./rate-limiter.ts";

/** Charges that one object has to decide. */
interface Group {
  readonly object: string;
  readonly charges: readonly ObjectCharge[];
  readonly indexes: readonly number[];
}

type Answer = BucketDecision | BucketMoved | undefined;
type Tell = (object: DurableObjectStub<TokenBucket>, charges: readonly ObjectCharge[]) => Promise<readonly Answer[]>;

export class ExactBuckets implements RateLimiter {
  readonly #buckets: DurableObjectNamespace<TokenBucket>;
  readonly #shards: number;
  readonly #moves = new MovedKeys();

  constructor(buckets: DurableObjectNamespace<TokenBucket>, shards: number) {
    this.#buckets = buckets;
    this.#shards = shards;
  }

  async take(charges: readonly Charge[], deadlineAt: number): Promise<BucketDecisions> {
    const since = Date.now();
    const waitMs = Math.min(deadlineAt - since, ...charges.map(({ rule }) => rule.waitMs));
    const answers = await this.#take(charges, waitMs);
    // One that has just heard of a move asks once more, with what is left of its time.
    const verdicts = answers.some(hasMoved) ? await this.#take(charges, since + waitMs - Date.now()) : answers;
    return verdicts.map((one) => (hasMoved(one) ? undefined : one));
  }

  async #take(charges: readonly Charge[], waitMs: number): Promise<Answer[]> {
    const answers: Answer[] = charges.map(() => undefined);
    const groups = this.#groups(charges);
    await Promise.all(
      groups.map(async (group) => {
        const answer = await within(waitMs, () => this.#tell(group, (object, some) => object.take(some)));
        for (const [at, index] of group.indexes.entries()) answers[index] = answer?.[at];
      }),
    );
    // An object takes all or nothing; what others took for a call that will not be made, or is asked for again, goes back.
    if (answers.some((one) => one?.kind === "refused" || hasMoved(one))) {
      for (const { indexes } of groups)
        if (indexes.every((index) => answers[index]?.kind === "allowed")) this.returnTokens(indexes.map((index) => charges[index]!));
    }
    return answers;
  }

  returnTokens(charges: readonly Charge[]): void {
    this.#behind(charges, (object, some) => object.returnTokens(some));
  }

  overdraw(charges: readonly Charge[]): void {
    this.#behind(charges, (object, some) => object.overdraw(some));
  }

  /** Behind the answer; lost where the object can't be asked. What has moved is told to the other object. */
  #behind(charges: readonly Charge[], tell: Tell): void {
    const all = async (some: readonly Charge[]): Promise<readonly Charge[]> => {
      const moved = this.#groups(some).map(async (group) => {
        const answers = await this.#tell(group, tell).catch(() => []);
        return group.indexes.filter((_, at) => hasMoved(answers[at])).map((index) => some[index]!);
      });
      return (await Promise.all(moved)).flat();
    };
    waitUntil(all(charges).then((moved) => (moved.length > 0 ? all(moved) : moved)));
  }

  async #tell({ object, charges }: Group, tell: Tell): Promise<readonly Answer[]> {
    const sentAt = Date.now();
    const answers = await tell(this.#buckets.getByName(object), charges);
    for (const [at, answer] of answers.entries()) if (hasMoved(answer)) this.#moves.remember(bucketKey(charges[at]!), answer.start, sentAt);
    return answers;
  }

  #groups(charges: readonly Charge[]): Group[] {
    const now = Date.now();
    const groups = new Map<string, { object: string; charges: ObjectCharge[]; indexes: number[] }>();
    for (const [index, { key, limit, cost }] of charges.entries()) {
      const start = this.#moves.get(bucketKey({ key, limit }), now);
      const shard = `shard-${hash32(key) % this.#shards}`;
      const object = start === undefined ? shard : `${shard}/${key}`;
      const group = groups.get(object) ?? { object, charges: [], indexes: [] };
      group.charges.push({ key, limit, cost, ...(start === undefined ? {} : { start }) });
      group.indexes.push(index);
      groups.set(object, group);
    }
    return [...groups.values()];
  }
}

function hasMoved(answer: Answer): answer is BucketMoved {
  return answer?.kind === "moved";
}

/** @returns what `ask` answers, or undefined when it fails or does not answer in time: a slow limiter is as good as none (W2) */
async function within<T>(waitMs: number, ask: () => Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, waitMs), undefined);
  });
  try {
    return await Promise.race([ask(), late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer ?? null);
  }
}
