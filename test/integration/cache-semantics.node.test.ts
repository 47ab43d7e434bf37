// Storing, freshness and reuse together, beside the library http-cache-semantics.
import fc from "fast-check";
import CachePolicyOf from "http-cache-semantics";
import { afterEach, describe, expect, it, vi } from "vitest";
import { NO_DIRECTIVES } from "../../core/cache/headers/directives.ts";
import { decideReuse } from "../../core/cache/reuse.ts";
import { decideStorage } from "../../core/cache/storable.ts";
import { STORE_RULES } from "../support/cache-rules.ts";
import { fields } from "../support/header-fields.ts";

const NOW = Date.UTC(2026, 10, 25);
const DATE = "Wed, 25 Nov 2026 00:00:00 GMT";

function store(headers: Readonly<Record<string, string>>, status: number, hasAuthorization: boolean) {
  const response = { status, fields: fields(headers), requestedAt: NOW, receivedAt: NOW };
  const context = { hasAuthorization, unchangedCount: 0, route: "r", tags: [], purgeSeq: 0 };
  return decideStorage(response, Object.entries(headers), new Uint8Array(3), context, { ...STORE_RULES, heuristicPercent: 10 }, 0.5);
}

afterEach(() => void vi.useRealTimers());

describe("beside http-cache-semantics", () => {
  it("a response is fresh at the same times", () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const seconds = fc.integer({ min: 0, max: 300 });
    const directive = fc.oneof(
      seconds.map((n) => `max-age=${n}`),
      seconds.map((n) => `s-maxage=${n}`),
      // Not proxy-revalidate: the library takes it for max-age=0.
      fc.constantFrom("public", "no-store", "no-cache", "must-revalidate", "private", "foo=bar", "max-age=x"),
    );
    const headers = fc.record({
      "cache-control": fc.option(
        fc.uniqueArray(directive, { selector: (text) => text.split("=")[0], maxLength: 3 }).map((all) => all.join(", ")),
      ),
      age: fc.option(seconds.map(String)),
      date: fc.constant(DATE),
      expires: fc.option(
        fc.oneof(
          seconds.map((n) => new Date(NOW + n * 1_000).toUTCString()),
          fc.constant("0"),
        ),
      ),
      "last-modified": fc.option(seconds.map((n) => new Date(NOW - n * 1_000).toUTCString())),
    });
    const status = fc.constantFrom(200, 203, 404, 410);
    fc.assert(
      fc.property(headers, status, fc.boolean(), fc.integer({ min: 0, max: 400 }), (some, status, hasAuthorization, laterS) => {
        const present = Object.fromEntries(Object.entries(some).filter(([, value]) => value !== null)) as Record<string, string>;
        vi.setSystemTime(NOW);
        const request = { method: "GET", url: "/", headers: hasAuthorization ? { authorization: "x" } : {} };
        const policy = new CachePolicyOf(
          request,
          { status, headers: present },
          { shared: true, cacheHeuristic: 0.1, immutableMinTimeToLive: 0 },
        );
        vi.setSystemTime(NOW + laterS * 1_000);
        const theirs = policy.storable() && !policy.stale();
        const result = store(present, status, hasAuthorization);
        const ours =
          result.kind === "stored" && decideReuse(result.stored, "valid", NO_DIRECTIVES, NOW + laterS * 1_000, 0.5).kind === "fresh";
        expect({ present, laterS, fresh: ours }).toEqual({ present, laterS, fresh: theirs });
      }),
      { numRuns: 3_000, seed: 7 },
    );
  });
});
