// A copy of the purge log in a relay: an isolate that knows any part of the log learns the rest, as from the log itself.
import fc from "fast-check";
import { expect, it } from "vitest";
import { appendPurges, EMPTY_PURGE_LOG, purgesSince } from "../../../core/cache/purge/purge-log.ts";
import { Purges } from "../../../core/cache/purge/purges.ts";
import { RelayedPurges } from "../../../core/exchange/relayed-purges.ts";

const NOW = 1_000_000;
const BOUNDS = { maxPurges: 4, keepMs: 100_000 };

it("is read once an interval, from where the copy ends", () => {
  const relayed = new RelayedPurges();
  expect(relayed.replyFor({ known: 0 }, NOW)).toBeUndefined();
  const log = appendPurges(EMPTY_PURGE_LOG, [{ kind: "tag", value: "a" }], "soft", 0, NOW);
  relayed.apply(relayed.receive(5_000, NOW)!, purgesSince(log, 0));
  expect(relayed.receive(5_000, NOW + 4_999)).toBeUndefined();
  expect(relayed.receive(5_000, NOW + 5_000)).toMatchObject({ known: NOW });
  expect(relayed.replyFor({ known: NOW }, NOW + 70)).toEqual({ delta: { kind: "same", seq: NOW }, ageMs: 70 });
});

it("sends an isolate what the log would have sent it, whatever the isolate knew and the relay has missed", () => {
  const purge = fc.record({
    target: fc.oneof(
      fc.record({ kind: fc.constantFrom("tag" as const, "route" as const), value: fc.constantFrom("a", "b", "c") }),
      fc.constant({ kind: "all" as const, value: "" }),
    ),
    mode: fc.constantFrom("soft" as const, "hard" as const),
    isRead: fc.boolean(), // the relay reads the log after this purge
    isTwice: fc.boolean(), // and gets the response twice
  });
  fc.assert(
    fc.property(fc.array(purge, { maxLength: 20 }), fc.nat(20), (all, from) => {
      const relayed = new RelayedPurges();
      let log = EMPTY_PURGE_LOG;
      let known = 0;
      for (const [index, { target, mode, isRead, isTwice }] of all.entries()) {
        const now = NOW + index * 10_000;
        log = appendPurges(log, [target], mode, 0, now, BOUNDS);
        if (index === from) known = log.seq;
        const request = isRead ? relayed.receive(5_000, now) : undefined;
        if (request === undefined) continue;
        relayed.apply(request, purgesSince(log, request.known));
        if (isTwice) relayed.apply(request, purgesSince(log, request.known));
      }
      const last = relayed.receive(5_000, NOW + 1_000_000)!;
      relayed.apply(last, purgesSince(log, last.known));
      const [direct, through] = [new Purges(), new Purges()];
      direct.apply(purgesSince(log, known));
      through.apply(relayed.replyFor({ known }, NOW + 1_000_000)!.delta);
      for (const tag of ["a", "b", "c"])
        for (let purgeSeq = NOW - 1; purgeSeq <= log.seq + 1; purgeSeq += 5_000)
          for (const route of ["a", "b", "c"]) {
            const response = { key: "k", route, tags: [tag], purgeSeq };
            expect(through.check(response)).toBe(direct.check(response));
          }
      expect([through.seq, through.epoch]).toEqual([direct.seq, direct.epoch]);
    }),
  );
});
