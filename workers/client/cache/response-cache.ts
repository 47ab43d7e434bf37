// Responses of other services, kept in this isolate: for methods without side effects, as long as the service or the owner of the cache says.
import { create, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { HandlerContext, UnaryResponse } from "@connectrpc/connect";
import { cacheKey, textOfBytes } from "../../../core/cache/cache-key.ts";
import { type LifetimeRules, lifetimeOf } from "../../../core/cache/freshness.ts";
import { parseCacheControl } from "../../../core/cache/headers/directives.ts";
import { varyNames } from "../../../core/cache/headers/vary.ts";
import { S3Fifo } from "../../../core/cache/store/s3-fifo.ts";
import { PROVEN_CALLER } from "../../service/identity/caller.ts";
import { type CachedCall, type Responder, type ResponseCache, registerCache } from "./cached-call.ts";

export interface ResponseCacheOptions {
  /** Lifetime of a response whose service states none (`Cache-Control`), ms, 0 to 86,400,000. 0 by default: such a response is not kept. */
  readonly ttlMs?: number;
  /** Memory for responses and their keys, bytes, 65,536 to 67,108,864. 8 MiB by default. */
  readonly maxBytes?: number;
  /** Whether all callers share a response. By default each proven caller has its own: the service may respond to it alone. */
  readonly shared?: boolean;
}

interface Stored {
  readonly message: Uint8Array;
  readonly header: readonly (readonly [string, string])[];
  readonly trailer: readonly (readonly [string, string])[];
  readonly generatedAt: number; // epoch ms
}

const MAX_TTL_MS = 86_400_000;
const [LEAST_BYTES, MOST_BYTES] = [65_536, 67_108_864];
const MAX_ENTRIES = 65_536;
const ENTRY_BYTES = 200; // objects around an entry
/** A client has no response that it may use later: nothing is revalidated or served stale. */
const NOTHING_STALE = { negativeTtlMs: 0, heuristicPercent: 0, jitterPercent: 10, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 };

/**
 * A cache for `transportTo(target, { cache })`.
 *
 * ```ts
 * const cache = responseCache({ ttlMs: 5_000 }); // one for each isolate
 * const users = createClient(UserService, transportTo(env.USERS, { during: context, cache }));
 * ```
 *
 * @throws RangeError for an option that is out of its bounds
 */
export function responseCache(options: ResponseCacheOptions = {}): ResponseCache {
  const { ttlMs = 0, maxBytes = 8 * 1_048_576, shared = false } = options;
  if (!(ttlMs >= 0 && ttlMs <= MAX_TTL_MS)) throw new RangeError(`ttlMs: found ${ttlMs}; write a number from 0 to ${MAX_TTL_MS}`);
  if (!(maxBytes >= LEAST_BYTES && maxBytes <= MOST_BYTES))
    throw new RangeError(`maxBytes: found ${maxBytes}; write a number from ${LEAST_BYTES} to ${MOST_BYTES}`);
  const responses = new Responses({ ...NOTHING_STALE, ttlMs, override: false }, maxBytes, shared);
  registerCache(responses, responses);
  return responses;
}

class Responses implements ResponseCache, Responder {
  readonly #rules: LifetimeRules;
  readonly #isShared: boolean;
  readonly #store: S3Fifo<Stored>;
  readonly #targets = new WeakMap<object, string>();
  #named = 0; // targets that have a name

  constructor(rules: LifetimeRules, maxBytes: number, isShared: boolean) {
    this.#rules = rules;
    this.#isShared = isShared;
    this.#store = new S3Fifo({ maxEntries: MAX_ENTRIES, maxBytes });
  }

  get size(): number {
    return this.#store.size;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  clear(): void {
    this.#store.clear();
  }

  async respond<I extends DescMessage, O extends DescMessage>(
    call: CachedCall<I, O>,
    make: () => Promise<UnaryResponse<I, O>>,
  ): Promise<UnaryResponse<I, O>> {
    const { method } = call;
    const key = this.#keyOf(call);
    const requestedAt = Date.now();
    const found = this.#store.get(key, requestedAt);
    if (found !== undefined) {
      const header = new Headers(found.header as [string, string][]);
      header.set("age", String(Math.max(0, Math.floor((requestedAt - found.generatedAt) / 1_000))));
      const message = fromBinary(method.output, found.message);
      return { stream: false, service: method.parent, method, header, message, trailer: new Headers(found.trailer as [string, string][]) };
    }
    const response = await make();
    this.#keep(key, response, requestedAt);
    return response;
  }

  #keep<I extends DescMessage, O extends DescMessage>(key: string, response: UnaryResponse<I, O>, requestedAt: number): void {
    const { header, trailer, method } = response;
    const directives = parseCacheControl(header.get("cache-control"));
    if (directives.has("no-store") || (this.#isShared && directives.has("private"))) return;
    if (varyNames(header.get("vary"), header.get("content-encoding")).length > 0) return; // the header that has selected it is not in the key
    const receivedAt = Date.now();
    const received = { status: 200, fields: header, requestedAt, receivedAt };
    const { generatedAt, freshMs } = lifetimeOf(received, directives, false, this.#rules, Math.random());
    if (generatedAt + freshMs <= receivedAt) return;
    const message = toBinary(method.output, response.message);
    const stored = { message, header: [...header], trailer: [...trailer], generatedAt };
    const fields = [...stored.header, ...stored.trailer].reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    this.#store.set(key, stored, key.length + message.byteLength + fields + ENTRY_BYTES, generatedAt + freshMs, receivedAt);
  }

  #keyOf<I extends DescMessage, O extends DescMessage>({ target, method, message, during }: CachedCall<I, O>): string {
    const name = `${typeof target === "string" ? target : this.#nameOf(target)} ${method.parent.typeName}/${method.name}`;
    return cacheKey(name, this.#isShared ? "" : ownerOf(during), textOfBytes(toBinary(method.input, create(method.input, message))), []);
  }

  #nameOf(target: object): string {
    const known = this.#targets.get(target);
    if (known !== undefined) return known;
    this.#named += 1;
    this.#targets.set(target, `#${this.#named}`);
    return `#${this.#named}`;
  }
}

/** Whose call it is, with all that a service may learn of the caller; empty for a call that proves none. */
function ownerOf(during: HandlerContext | undefined): string {
  const proven = during?.values.get(PROVEN_CALLER);
  if (proven === undefined) return "";
  return JSON.stringify([{ ...proven.claims, iat: 0, exp: 0 }, proven.isFromGateway ? [] : [proven.from.name, ...proven.from.before]]);
}
