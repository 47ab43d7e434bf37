// The keys of an issuer in a relay: when they are fetched, and what isolates get.
import { describe, expect, it } from "vitest";
import type { IssuerQuery } from "../../../core/exchange/issuer-messages.ts";
import { issuerName, RelayedIssuer } from "../../../core/exchange/relayed-issuer.ts";

const NOW = 1_000_000;
const SOURCE = { kind: "jwks", url: "https://id.test/keys" } as const;
const query = (more: Partial<IssuerQuery> = {}): IssuerQuery => ({
  source: SOURCE,
  refreshMs: 300_000,
  refetchMs: 30_000,
  known: "",
  ...more,
});
const setOf = (...kids: string[]) => ({ keys: kids.map((kid) => ({ kty: "EC", kid })) });

function withKeys(...kids: string[]) {
  const relayed = new RelayedIssuer("https://id.test", "n");
  relayed.apply(relayed.receive(query(), NOW)!, setOf(...kids));
  return relayed;
}

describe("the keys of an issuer", () => {
  it("are fetched for the first exchange that needs them, which waits for them", () => {
    const relayed = new RelayedIssuer("https://id.test", "n");
    expect(relayed.replyFor(query(), NOW)).toBeUndefined();
    expect(relayed.receive(query(), NOW)).toEqual({
      ...{ kind: "issuer", issuer: "https://id.test", name: "n", sequence: 1, sentAt: NOW, source: SOURCE, isAwaited: true },
    });
    expect(relayed.receive(query(), NOW + 1)).toBeUndefined(); // under way
    expect(new RelayedIssuer("i", "n").receive(query({ missing: "a" }), NOW)).toMatchObject({ isAwaited: true });
  });

  it("are fetched again at their age, which no exchange waits for", () => {
    const relayed = withKeys("a");
    expect(relayed.receive(query(), NOW + 299_999)).toBeUndefined();
    expect(relayed.receive(query(), NOW + 300_000)).toMatchObject({ isAwaited: false, sequence: 2 });
  });

  it("are fetched for a key that is missing, once in an interval whatever tokens say", () => {
    const relayed = withKeys("a");
    expect(relayed.receive(query({ missing: "a" }), NOW + 30_000)).toBeUndefined();
    expect(relayed.receive(query({ missing: "b" }), NOW + 29_999)).toBeUndefined();
    const request = relayed.receive(query({ missing: "b" }), NOW + 30_000);
    expect(request).toMatchObject({ isAwaited: true });
    relayed.apply(request!, setOf("a"));
    expect(relayed.receive(query({ missing: "c" }), NOW + 59_999)).toBeUndefined();
    expect(relayed.receive(query({ missing: "c" }), NOW + 60_000)).toBeDefined();
  });

  it("stay where a fetch fails, and are fetched again after the same interval", () => {
    const relayed = withKeys("a");
    const request = relayed.receive(query(), NOW + 300_000)!;
    relayed.requests.fail(request.sequence);
    expect(relayed.replyFor(query(), NOW + 301_000)).toMatchObject({ kind: "changed", jwks: setOf("a"), ageMs: 301_000 });
    expect(relayed.receive(query(), NOW + 329_999)).toBeUndefined();
    expect(relayed.receive(query(), NOW + 330_000)).toBeDefined();
  });

  it("are sent to isolates that have others, with their age", () => {
    const relayed = withKeys("a");
    const reply = relayed.replyFor(query(), NOW + 5)!;
    expect(reply).toMatchObject({ kind: "changed", ageMs: 5, jwks: setOf("a") });
    const { version } = reply;
    expect(relayed.replyFor(query({ known: version }), NOW + 7)).toEqual({ kind: "unchanged", version, ageMs: 7 });
    relayed.apply(relayed.receive(query(), NOW + 300_000)!, setOf("b"));
    expect(relayed.replyFor(query({ known: version }), NOW + 300_000)).toMatchObject({ kind: "changed", jwks: setOf("b"), ageMs: 0 });
    expect(withKeys("a").replyFor(query(), NOW)?.version).toBe(version); // a relay that has restarted
  });

  it("are those of the latest fetch, whatever responses come late", () => {
    const relayed = withKeys("a");
    const [late, next] = [relayed.receive(query(), NOW + 300_000)!, relayed.receive(query(), NOW + 330_000)!];
    relayed.apply(next, setOf("c"));
    relayed.apply(late, setOf("b"));
    expect(relayed.replyFor(query(), NOW + 330_000)).toMatchObject({ jwks: setOf("c") });
  });

  it("are apart for each source", () => {
    const names = [SOURCE, { ...SOURCE, kind: "discovery" as const }, { ...SOURCE, url: "https://id.test/b" }].map((source) =>
      issuerName("i", source),
    );
    expect(new Set(names).size).toBe(3);
  });
});
