// Questions about keys in a relay: one read for each key, current readings, and what is missing while a Durable Object cannot be reached.
import { describe, expect, it, vi } from "vitest";
import { EXCHANGE_VERSION } from "../../../core/exchange/messages.ts";
import type { KeyDelta } from "../../../core/keys/key-log.ts";
import type { KeyGrant } from "../../../core/keys/key-record.ts";
import { KEY_LOG_NAME } from "../../../core/keys/key-shards.ts";
import { ExchangeServer } from "../../../durable-objects/relay/exchange-server.ts";

const grant = (id: string, revision = 1): KeyGrant => ({ id, revision, digest: "", owner: "o", plan: "", scopes: [], addresses: [] });

/** The Durable Objects of the keys, with their calls. */
class Stores {
  readonly keys = new Map<string, KeyGrant>();
  readonly calls: string[] = [];
  readonly stamps: Record<string, number>[] = [];
  delta: KeyDelta = { kind: "same", seq: 0 };
  beforeRead: (() => Promise<void> | void) | undefined = undefined;
  fails: "all" | "keys" | "none" = "none";

  getByName(name: string) {
    return {
      read: async (ids: readonly string[]): Promise<Record<string, KeyGrant | null>> => {
        this.calls.push(...ids.map((id) => `read ${id}`));
        const found = Object.fromEntries(ids.map((id) => [id, this.keys.get(id) ?? null]));
        await this.beforeRead?.();
        if (this.fails !== "none") throw new Error("the Durable Object is overloaded");
        return found;
      },
      since: async (known: number): Promise<KeyDelta> => {
        this.calls.push(`${name} since ${known}`);
        if (this.fails === "all") throw new Error("the Durable Object is overloaded");
        return this.delta;
      },
      stamp: async (uses: Readonly<Record<string, number>>): Promise<void> => void this.stamps.push({ ...uses }),
    };
  }
}

function relay(stores: Stores): ExchangeServer {
  return new ExchangeServer({ KEY_STORE: stores }, Date.now());
}
const question = (...ids: string[]) => ({
  version: EXCHANGE_VERSION,
  known: 0,
  maxAgeMs: 10_000,
  wanted: ids.map((id) => ({ id, revision: 0 })),
});

describe("a question", () => {
  it("reads each key once, and what is not there, and the sequence once", async () => {
    const stores = new Stores();
    stores.keys.set("a", grant("a"));
    const server = relay(stores);
    const answers = await Promise.all([server.keys(question("a", "b")), server.keys(question("a")), server.keys(question("a", "b"))]);
    const found = { kind: "found", grant: grant("a") };
    expect(answers[0]).toMatchObject({ keys: { a: found, b: { kind: "absent" } }, view: { delta: { kind: "same", seq: 0 } } });
    expect(answers.map(({ keys }) => Object.keys(keys).length)).toEqual([2, 1, 2]);
    await server.keys(question("a", "b"));
    expect(stores.calls.sort()).toEqual([`${KEY_LOG_NAME} since 0`, "read a", "read b"].sort());
  });

  it("reads a key again for an isolate that has its revision", async () => {
    const stores = new Stores();
    stores.keys.set("a", grant("a"));
    const server = relay(stores);
    await server.keys(question("a"));
    stores.keys.set("a", grant("a", 2));
    const again = await server.keys({ ...question(), wanted: [{ id: "a", revision: 1 }] });
    expect(again.keys["a"]).toMatchObject({ grant: { revision: 2 } });
    const same = await server.keys({ ...question(), wanted: [{ id: "a", revision: 2 }] });
    expect(same.keys["a"]).toMatchObject({ grant: { revision: 2 } }); // there is no newer one
    expect(stores.calls.filter((call) => call === "read a")).toHaveLength(3);
  });

  it("does not let such an isolate join a read that has started before", async () => {
    const stores = new Stores();
    stores.keys.set("a", grant("a"));
    const server = relay(stores);
    await server.keys(question());
    const { promise, resolve } = Promise.withResolvers<void>();
    stores.beforeRead = () => promise;
    const first = server.keys(question("a"));
    stores.beforeRead = undefined;
    stores.keys.set("a", grant("a", 2));
    expect((await server.keys({ ...question(), wanted: [{ id: "a", revision: 1 }] })).keys["a"]).toMatchObject({ grant: { revision: 2 } });
    resolve();
    expect((await first).keys["a"]).toMatchObject({ grant: { revision: 2 } });
  });

  it("reads a key once more that has changed while it was read", async () => {
    const stores = new Stores();
    stores.keys.set("a", grant("a"));
    const server = relay(stores);
    await server.keys(question());
    const questionedAt = Date.now();
    stores.beforeRead = async () => {
      stores.beforeRead = undefined;
      stores.keys.set("a", { ...grant("a", 2), revokedAt: 5 });
      stores.delta = { kind: "changed", seq: 9, changes: [{ id: "a", seq: 9 }] };
      await server.exchange({ ...EXCHANGE, keys: { known: 0, maxAgeMs: 1 } }); // learns of the change
    };
    await vi.waitUntil(() => Date.now() > questionedAt, { interval: 1 }); // an exchange reads the log again after a millisecond
    const answer = await server.keys({ ...question("a"), known: 1 });
    expect(answer.keys["a"]).toMatchObject({ grant: { revision: 2, revokedAt: 5 } });
    expect(answer.view?.delta.seq).toBe(9);
  });

  it("has no keys without a view, since they may have changed", async () => {
    const stores = new Stores();
    stores.keys.set("a", grant("a"));
    stores.fails = "all";
    expect(await relay(stores).keys(question("a"))).toEqual({ version: EXCHANGE_VERSION, keys: {} });
    expect(await new ExchangeServer({}, Date.now()).keys(question("a"))).toEqual({ version: EXCHANGE_VERSION, keys: {} });
  });

  it("has a view, and no keys, while the shards fail", async () => {
    const stores = new Stores();
    stores.keys.set("a", grant("a"));
    stores.fails = "keys";
    const server = relay(stores);
    expect(await server.keys(question("a"))).toMatchObject({ keys: {}, view: { delta: { kind: "same" } } });
    stores.fails = "none";
    expect((await server.keys(question("a"))).keys["a"]).toMatchObject({ kind: "found" });
  });
});

const EXCHANGE = { version: EXCHANGE_VERSION, isolate: "i", location: "l", shards: 1, isFirst: true, intervalMs: 5_000 };

describe("an exchange", () => {
  it("brings the sequence, and takes times of use", async () => {
    const stores = new Stores();
    stores.delta = { kind: "changed", seq: 9, changes: [{ id: "a", seq: 9 }] };
    const server = relay(stores);
    const reply = await server.exchange({ ...EXCHANGE, keys: { known: 4, maxAgeMs: 10_000, used: { a: 1_000_000, b: 2_000_000 } } });
    expect(reply.keys?.delta).toEqual({ kind: "changed", seq: 9, changes: [{ id: "a", seq: 9 }] });
    expect(Object.assign({}, ...stores.stamps)).toEqual({ a: 1_000_000, b: 2_000_000 });
    await server.exchange({ ...EXCHANGE, keys: { known: 9, maxAgeMs: 10_000, used: { a: 1_000_001 } } }); // another isolate
    expect(Object.assign({}, ...stores.stamps)).toEqual({ a: 1_000_000, b: 2_000_000 });
  });

  it("has no section where the sequence cannot be read", async () => {
    const stores = new Stores();
    stores.fails = "all";
    expect((await relay(stores).exchange({ ...EXCHANGE, keys: { known: 0, maxAgeMs: 10_000 } })).keys).toBeUndefined();
  });
});
