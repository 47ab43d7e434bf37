// Exact buckets: a Durable Object decides every call. One message goes to each Durable Object that holds one of the call's buckets.
// A hot key has moved to a Durable Object of its own, see core/rate-limit/hot-key.ts.
import { waitUntil } from "cloudflare:workers";
import { hash32 } from "../../../core/hash.ts";
import { type BucketMoved, MovedKeys } from "../../../core/rate-limit/hot-key.ts";
import { type BucketDecision, bucketKey } from "../../../core/rate-limit/token-bucket.ts";
import type { BucketCharge, TokenBucket } from "../../../durable-objects/token-bucket.ts";
import type { BucketDecisions, Charge, RateLimiter } from "./rate-limiter.ts";

/** Charges that one Durable Object decides. */
interface Group {
  readonly objectName: string;
  readonly charges: readonly BucketCharge[];
  readonly indexes: readonly number[]; // positions of the charges in the call's list
}

type BucketResponse = BucketDecision | BucketMoved | undefined;
type Send = (buckets: DurableObjectStub<TokenBucket>, charges: readonly BucketCharge[]) => Promise<readonly BucketResponse[]>;

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
    const responses = await this.#take(charges, waitMs);
    // If a shard reported a move, everything is requested once more, in the time that is left: by now the new place is known.
    const decided = responses.some(hasMoved) ? await this.#take(charges, since + waitMs - Date.now()) : responses;
    return decided.map((response) => (hasMoved(response) ? undefined : response));
  }

  async #take(charges: readonly Charge[], waitMs: number): Promise<BucketResponse[]> {
    const responses: BucketResponse[] = charges.map(() => undefined);
    const groups = this.#group(charges);
    await Promise.all(
      groups.map(async (group) => {
        const received = await within(waitMs, () => this.#send(group, (buckets, own) => buckets.take(own)));
        for (const [at, index] of group.indexes.entries()) responses[index] = received?.[at];
      }),
    );
    // Each Durable Object takes all of its charges or none. If another one refused, or has to be called again, the tokens are returned.
    if (responses.some((response) => response?.kind === "refused" || hasMoved(response))) {
      for (const { indexes } of groups)
        if (indexes.every((index) => responses[index]?.kind === "allowed")) this.returnTokens(indexes.map((index) => charges[index]!));
    }
    return responses;
  }

  returnTokens(charges: readonly Charge[]): void {
    this.#sendInBackground(charges, (buckets, own) => buckets.returnTokens(own));
  }

  overdraw(charges: readonly Charge[]): void {
    this.#sendInBackground(charges, (buckets, own) => buckets.overdraw(own));
  }

  /** Charges whose keys have moved are sent once more, to the new place. If a Durable Object is unreachable, its charges are lost. */
  #sendInBackground(charges: readonly Charge[], send: Send): void {
    const sendAll = async (wanted: readonly Charge[]): Promise<readonly Charge[]> => {
      const moved = this.#group(wanted).map(async (group) => {
        const responses = await this.#send(group, send).catch(() => []);
        return group.indexes.filter((_, at) => hasMoved(responses[at])).map((index) => wanted[index]!);
      });
      return (await Promise.all(moved)).flat();
    };
    waitUntil(sendAll(charges).then((moved) => (moved.length > 0 ? sendAll(moved) : moved)));
  }

  async #send({ objectName, charges }: Group, send: Send): Promise<readonly BucketResponse[]> {
    const sentAt = Date.now();
    const responses = await send(this.#buckets.getByName(objectName), charges);
    for (const [at, response] of responses.entries())
      if (hasMoved(response)) this.#moves.remember(bucketKey(charges[at]!), response.start, sentAt);
    return responses;
  }

  #group(charges: readonly Charge[]): Group[] {
    const now = Date.now();
    const groups = new Map<string, { objectName: string; charges: BucketCharge[]; indexes: number[] }>();
    for (const [index, { key, limit, cost }] of charges.entries()) {
      const start = this.#moves.get(bucketKey({ key, limit }), now);
      const shard = `shard-${hash32(key) % this.#shards}`;
      const objectName = start === undefined ? shard : `${shard}/${key}`;
      const group = groups.get(objectName) ?? { objectName, charges: [], indexes: [] };
      group.charges.push({ key, limit, cost, ...(start === undefined ? {} : { start }) });
      group.indexes.push(index);
      groups.set(objectName, group);
    }
    return [...groups.values()];
  }
}

function hasMoved(response: BucketResponse): response is BucketMoved {
  return response?.kind === "moved";
}

/** @returns the result of `work`; undefined if it fails or takes longer than `waitMs`: a slow limiter must not delay calls */
async function within<T>(waitMs: number, work: () => Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, waitMs), undefined);
  });
  try {
    return await Promise.race([work(), timeout]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer ?? null);
  }
}
