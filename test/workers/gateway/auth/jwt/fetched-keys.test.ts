// The keys of an issuer in an isolate: what it requests, how long a call waits, and when keys no longer count.
import { describe, expect, it } from "vitest";
import type { IssuerPolicy } from "../../../../../core/config/auth/issuers.ts";
import type { IssuerReply } from "../../../../../core/exchange/issuer-messages.ts";
import type { ExchangeReply } from "../../../../../core/exchange/messages.ts";
import { FetchedKeys } from "../../../../../workers/gateway/auth/jwt/fetched-keys.ts";
import type { ExchangeDraft, ExchangeSection } from "../../../../../workers/gateway/background/exchange.ts";
import { ISSUER, JWKS } from "../../../../support/callers.ts";

const NOW = 1_000_000;
const SOURCE = { kind: "jwks", url: "https://id.test/keys" } as const;
const POLICY = { issuer: ISSUER, source: SOURCE, refreshMs: 300_000, refetchMs: 30_000, maxStaleMs: 3_600_000 } as unknown as IssuerPolicy;
const CHANGED: IssuerReply = { kind: "changed", version: "1", ageMs: 1_000, jwks: JWKS };
const replyOf = (reply?: IssuerReply): ExchangeReply =>
  ({ version: 1, shards: 1, nextMs: 1, earlyMs: 1, ...(reply === undefined ? {} : { issuers: { [ISSUER]: reply } }) }) as ExchangeReply;

/** An isolate whose exchanges the test makes. @param onJoin what happens while a call waits */
function isolate(onJoin: (section: ExchangeSection) => void = () => undefined) {
  const joined: number[] = [];
  let required = 0;
  const exchange = {
    add: () => undefined,
    require: () => {
      required += 1;
    },
    join: async (_: number, waitMs: number) => {
      joined.push(waitMs);
      onJoin(keys);
    },
  };
  const keys = new FetchedKeys(exchange as never, POLICY, SOURCE);
  const draft = () => {
    const written: ExchangeDraft = {};
    keys.write(written, NOW);
    return written.issuers?.[ISSUER];
  };
  return { keys, draft, joined, requires: () => required };
}

it("requests the keys with each exchange, by the version that it has", () => {
  const { keys, draft } = isolate();
  expect(draft()).toEqual({ source: SOURCE, refreshMs: 300_000, refetchMs: 30_000, known: "" });
  keys.read(replyOf(CHANGED), NOW);
  expect([draft()?.known, keys.isNeeded]).toEqual(["1", false]);
});

describe("keys", () => {
  it("count until their age is the longest one, from the time at which the relay has fetched them", () => {
    const { keys } = isolate();
    expect(keys.current(NOW)).toBeUndefined();
    keys.read(replyOf(CHANGED), NOW);
    expect(keys.current(NOW + 3_598_999)).toBeDefined();
    expect(keys.current(NOW + 3_599_000)).toBeUndefined();
    keys.read(replyOf({ kind: "unchanged", version: "1", ageMs: 0 }), NOW + 3_599_000);
    expect(keys.current(NOW + 3_599_000)).toBeDefined();
  });

  it("stay where a relay knows none, or older ones", () => {
    const { keys } = isolate();
    keys.read(replyOf(CHANGED), NOW);
    const known = keys.current(NOW);
    keys.read(replyOf(), NOW + 1);
    keys.read(replyOf({ ...CHANGED, version: "0", ageMs: 60_000 }), NOW + 1);
    expect(keys.current(NOW)).toBe(known);
    keys.read(replyOf({ ...CHANGED, version: "2", ageMs: 1_000 }), NOW + 1);
    expect(keys.current(NOW + 1)).not.toBe(known);
  });
});

describe("a call without keys", () => {
  it("waits for one exchange, 2 s at most and not beyond its deadline", async () => {
    const { keys, joined } = isolate((section) => section.read(replyOf(CHANGED), NOW, NOW));
    await keys.request(undefined, NOW, NOW + 60_000);
    expect([joined, keys.isNeeded]).toEqual([[2_000], false]);
    await keys.request(undefined, NOW, NOW + 300);
    expect(joined).toEqual([2_000, 300]);
  });

  it("makes the isolate need them, until they come", async () => {
    const { keys } = isolate();
    await keys.request(undefined, NOW, NOW + 60_000);
    expect(keys.isNeeded).toBe(true);
    keys.read(replyOf(), NOW);
    expect(keys.isNeeded).toBe(true);
    keys.read(replyOf(CHANGED), NOW);
    expect(keys.isNeeded).toBe(false);
  });
});

describe("a key that is not known", () => {
  it("is named in the next exchange, once", async () => {
    const { keys, draft, joined, requires } = isolate((section) => section.write({}, NOW));
    await keys.request("new", NOW, NOW + 60_000);
    expect([joined, requires(), draft()?.missing]).toEqual([[2_000], 1, undefined]);
  });

  it("is waited for in a second exchange where the first one was under way before", async () => {
    const { keys, draft, joined } = isolate();
    const now = Date.now();
    await keys.request("new", now, now + 60_000);
    expect([joined.length, draft()?.missing, draft()?.missing]).toEqual([2, "new", undefined]);
  });

  it("is requested once in an interval, whatever its name", async () => {
    const { keys, joined } = isolate((section) => section.write({}, NOW));
    await keys.request("a", NOW, NOW + 60_000);
    expect([keys.request("b", NOW + 29_999, NOW + 60_000), joined.length]).toEqual([undefined, 1]);
    expect(keys.request("b", NOW + 30_000, NOW + 60_000)).toBeDefined();
  });
});
