// The size of the messages about keys: bounded, however many keys an isolate uses.
import { expect, it } from "vitest";
import { type KeysAnswer, type KeysQuestion, type KeysSection, MAX_WANTED_KEYS } from "../../../core/exchange/key-messages.ts";
import { EXCHANGE_VERSION } from "../../../core/exchange/messages.ts";
import { appendChanges, changesSince, EMPTY_KEY_LOG, MAX_KEY_CHANGES } from "../../../core/keys/key-log.ts";
import { KeyUses } from "../../../core/keys/key-uses.ts";

const NOW = Date.UTC(2026, 0, 1);
const ids = (count: number) => Array.from({ length: count }, (_, n) => n.toString(36).padStart(16, "0"));
const size = (message: KeysSection | KeysQuestion | KeysAnswer) => JSON.stringify(message).length;

it("sections, questions and views have at most 64 KiB", () => {
  const uses = new KeyUses();
  for (const id of ids(1_000)) uses.note(id, NOW);
  expect(size({ known: NOW, maxAgeMs: 10_000, used: uses.waiting! })).toBeLessThan(65_536);
  const wanted = ids(MAX_WANTED_KEYS).map((id) => ({ id, revision: 1_000_000 }));
  expect(size({ version: EXCHANGE_VERSION, known: NOW, maxAgeMs: 10_000, wanted })).toBeLessThan(8_192);
  const delta = changesSince(appendChanges(EMPTY_KEY_LOG, ids(2 * MAX_KEY_CHANGES), NOW), 0);
  expect(delta.kind).toBe("reset");
  expect(size({ version: EXCHANGE_VERSION, keys: {}, view: { delta, ageMs: 1 } })).toBeLessThan(65_536);
});
