// The public keys of a gateway, as a service knows them: fetched when they are first needed, then in the background.
import { type PublicIdentityKey, readPublicKeys } from "../../../core/auth/identity/identity-keys.ts";
import { logEvent } from "../../log.ts";
import { wait } from "../../wait.ts";
import { keepAlive, type Platform } from "../host/platform.ts";
import { importIdentityKey } from "./identity-token.ts";

/** Times, ms. */
export const KEY_TIMES = {
  refreshMs: 300_000, // keys of this age are fetched again, in the background
  staleMs: 3_600_000, // keys of this age verify nothing any more
  attemptMs: 10_000, // at most one fetch in this time, whatever callers write as key id
  timeoutMs: 5_000, // longest time of one fetch
};
const MAX_BYTES = 65_536;
const POLL_MS = 20;

interface KnownKey {
  readonly jwk: PublicIdentityKey;
  imported: CryptoKey | undefined; // set on first use
}

export class PublishedKeys {
  readonly #source: string;
  readonly #times: typeof KEY_TIMES;
  #keys: ReadonlyMap<string, KnownKey> | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY; // epoch ms
  #attemptedAt = Number.NEGATIVE_INFINITY; // epoch ms
  #isFetching = false;

  /** @param source URL of the keys; or the keys themselves, as JSON, which are never fetched */
  constructor(source: string, times = KEY_TIMES) {
    this.#source = source;
    this.#times = times;
    if (source.startsWith("{")) this.#keys = written(source);
  }

  /**
   * @param platform lets a fetch in the background outlive the response
   * @returns undefined for an unknown id; "unavailable" where the keys are not known, or too old
   */
  async find(kid: string, platform?: Platform): Promise<CryptoKey | "unavailable" | undefined> {
    if (!this.#source.startsWith("{")) await this.#keepFresh(kid, platform);
    if (this.#keys === undefined) return "unavailable";
    const key = this.#keys.get(kid);
    if (key === undefined) return undefined;
    key.imported ??= await importIdentityKey(key.jwk);
    return key.imported;
  }

  async #keepFresh(kid: string, platform: Platform | undefined): Promise<void> {
    const age = Date.now() - this.#fetchedAt;
    if (age >= this.#times.staleMs) this.#keys = undefined;
    if (this.#keys?.has(kid) === true) {
      if (age >= this.#times.refreshMs && this.#mayFetch()) keepAlive(platform, this.#fetch());
      return;
    }
    if (this.#mayFetch()) return this.#fetch();
    // The fetch belongs to another request, whose promises this one cannot await.
    const until = Date.now() + this.#times.timeoutMs;
    while (this.#isFetching && Date.now() < until) await wait(POLL_MS);
  }

  #mayFetch(): boolean {
    return !this.#isFetching && Date.now() - this.#attemptedAt >= this.#times.attemptMs;
  }

  async #fetch(): Promise<void> {
    this.#isFetching = true;
    this.#attemptedAt = Date.now();
    try {
      const response = await fetch(this.#source, { redirect: "manual", signal: AbortSignal.timeout(this.#times.timeoutMs) });
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      const keys = indexed(JSON.parse(await readText(response)));
      if (keys === undefined) throw new Error("no set of keys");
      this.#keys = keys;
      this.#fetchedAt = Date.now();
    } catch (error) {
      logEvent("identity_keys_failed", { error: String(error) });
    } finally {
      this.#isFetching = false;
    }
  }
}

/** @throws Error for keys that the author of the Worker has written wrongly */
function written(source: string): ReadonlyMap<string, KnownKey> {
  try {
    const keys = indexed(JSON.parse(source));
    if (keys !== undefined) return keys;
  } catch {
    // as below
  }
  throw new Error("identity.keys is no JSON set of public keys");
}

function indexed(value: unknown): ReadonlyMap<string, KnownKey> | undefined {
  const keys = readPublicKeys(value);
  return keys && new Map(keys.map((jwk) => [jwk.kid, { jwk, imported: undefined }]));
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let [text, bytes] = ["", 0];
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
