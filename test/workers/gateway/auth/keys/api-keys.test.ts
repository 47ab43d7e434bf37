// Decisions about keys without a gateway: what a text is, and what is known of it without a question.
import { describe, expect, it } from "vitest";
import { asciiBytes, hmacKey } from "../../../../../core/auth/sha256.ts";
import { digestOf, makeKey, RANDOM_BYTES } from "../../../../../core/keys/api-key.ts";
import { ApiKeys } from "../../../../../workers/gateway/auth/keys/api-keys.ts";
import { KeyReader, type KeyRelay } from "../../../../../workers/gateway/auth/keys/key-reader.ts";
import { KeyRing } from "../../../../../workers/gateway/auth/keys/key-ring.ts";

const SECRET = hmacKey(asciiBytes("a secret of the tags"));
const NO_RELAY = { keys: () => Promise.reject(new Error("there is no relay")) };
const T = Date.now();

function keysOf(importedPrefixes: readonly string[] = [], relay: KeyRelay = NO_RELAY) {
  const ring = new KeyRing({ cacheBytes: 1_048_576, revocationMaxAgeMs: 10_000, maxStaleMs: 60_000 });
  const keys = new ApiKeys({ env: "test", importedPrefixes }, [SECRET], ring, new KeyReader(ring, relay, 50, () => undefined));
  const { id, text } = makeKey("test", SECRET, crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
  const grant = { id, revision: 1, digest: digestOf(text), owner: "acme", plan: "", scopes: [], addresses: ["192.0.2.1"] };
  const hold = () =>
    ring.learn(
      { version: 2, keys: { [id]: { kind: "found", grant } }, view: { delta: { kind: "same", seq: 0 }, ageMs: 0 } },
      [{ id, revision: 0 }],
      T,
      T,
    );
  return { keys, ring, text, hold };
}

describe("API keys of an isolate", () => {
  it("tell a key from other tokens by how it starts", () => {
    const { keys } = keysOf(["sk_live_"]);
    expect(["tg_test_x", "tg_", "sk_live_1"].map((text) => keys.isKey(text))).toEqual([true, true, true]);
    expect(["eyJ.e30.x", "", "sk_test_1", "Tg_test"].map((text) => keys.isKey(text))).toEqual([false, false, false, false]);
  });

  it("know a key that they hold, while their view is current, from its addresses", () => {
    const { keys, text, hold } = keysOf();
    expect(keys.known(text, "192.0.2.1", T)).toBeUndefined();
    hold();
    expect(keys.known(text, "192.0.2.1", T)).toMatchObject({ kind: "key", owner: "acme" });
    expect(keys.known(text, "192.0.2.2", T)).toBeUndefined();
    expect(keys.known(`${text.slice(0, -1)}${text.endsWith("a") ? "b" : "a"}`, "192.0.2.1", T)).toBeUndefined();
    expect(keys.known("tg_", "192.0.2.1", T)).toBeUndefined();
    expect(keys.known(text, "192.0.2.1", T + 10_001)).toBeUndefined();
  });

  it("refuse without a promise what needs no question", () => {
    const { keys, text } = keysOf();
    expect(keys.prove("tg_x", null, T, 50)).toEqual({ kind: "unauthenticated", reason: "key_malformed" });
    expect(keys.prove(text.replace("tg_test", "tg_live"), null, T, 50)).toEqual({ kind: "unauthenticated", reason: "key_environment" });
    expect(keys.prove(`${text.slice(0, -8)}00000000`, null, T, 50)).toEqual({ kind: "unauthenticated", reason: "key_tag" });
  });

  it("take no imported key that is too long, or has other than visible characters", () => {
    const { keys } = keysOf(["sk_"]);
    for (const text of [`sk_${"a".repeat(510)}`, "sk_ä", "sk_a b"])
      expect(keys.prove(text, null, T, 50)).toEqual({ kind: "unauthenticated", reason: "key_malformed" });
    expect(keys.prove(`sk_${"a".repeat(509)}`, null, T, 50)).toBeInstanceOf(Promise);
  });

  it("are unavailable where a question has no answer", async () => {
    const { keys, text } = keysOf();
    expect(await keys.prove(text, "192.0.2.1", T, 50)).toEqual({ kind: "unavailable", reason: "keys_unavailable" });
  });

  it("wait for a relay that hangs once, whatever they have to know", async () => {
    let questions = 0;
    const relay = {
      keys: () => {
        questions += 1;
        return new Promise<never>(() => undefined);
      },
    };
    const { keys, text } = keysOf([], relay);
    const answer = await keys.prove(text, "192.0.2.1", Date.now(), 60_000);
    expect([answer, questions]).toEqual([{ kind: "unavailable", reason: "keys_unavailable" }, 1]);
  });
});
