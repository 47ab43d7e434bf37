// Directories of agents in an isolate.
import { describe, expect, it } from "vitest";
import { AgentDirectories } from "../../../../../workers/gateway/auth/signature/agent-directories.ts";
import type { ExchangeDraft } from "../../../../../workers/gateway/background/exchange.ts";

const [A, B] = ["https://a.example", "https://b.example"];
const NOW = 1_000_000_000;
const X = "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs";

function directories(open = false) {
  let required = 0;
  const all = new AgentDirectories({ directories: [A], open }, { add: () => undefined, require: () => void required++ });
  const written = () => {
    const draft: ExchangeDraft = {};
    all.write(draft);
    return draft.issuers ?? {};
  };
  const reply = (origin: string, sentAt: number, ageMs = 0, kid = "t") =>
    all.read(
      { issuers: { [`agent ${origin}`]: { kind: "changed", version: "v1", ageMs, jwks: { keys: [{ kty: "OKP", kid, x: X }] } } } } as never,
      sentAt,
    );
  return { all, written, reply, required: () => required };
}

describe("the directory of an agent of the list", () => {
  it("is requested with each exchange, before any call names it", () => {
    const { written } = directories();
    expect(written()).toEqual({
      [`agent ${A}`]: {
        source: { kind: "directory", url: `${A}/.well-known/http-message-signatures-directory` },
        ...{ refreshMs: 3_600_000, refetchMs: 60_000, known: "" },
      },
    });
  });

  it("has keys once it has been fetched, for a day", () => {
    const { all, reply, written, required } = directories();
    expect([all.keyOf(A, "t", NOW), all.keyOf(A, "t", NOW), required()]).toEqual(["pending", "pending", 1]);
    reply(A, NOW, 1_000);
    expect(all.keyOf(A, "t", NOW)).toEqual({ publicKey: X });
    expect(written()[`agent ${A}`]).toMatchObject({ known: "v1" });
    expect(all.keyOf(A, "t", NOW - 1_000 + 86_399_999)).toEqual({ publicKey: X });
    expect(all.keyOf(A, "t", NOW - 1_000 + 86_400_000)).toBe("pending");
  });

  it("names a key that it lacks in the next exchange, and hurries nothing for it", () => {
    const { all, reply, written, required } = directories();
    reply(A, NOW);
    expect([all.keyOf(A, "new", NOW), written()[`agent ${A}`]?.missing, required()]).toEqual(["unknown_key", "new", 0]);
    reply(A, NOW + 1, 0, "new");
    expect([all.keyOf(A, "new", NOW), all.keyOf(A, "t", NOW)]).toEqual([{ publicKey: X }, "unknown_key"]);
  });

  it("is not replaced by an older one, and keeps its keys where nothing has changed", () => {
    const { all, reply } = directories();
    reply(A, NOW, 0, "new");
    reply(A, NOW, 5_000, "old");
    expect([all.keyOf(A, "new", NOW), all.keyOf(A, "old", NOW)]).toEqual([{ publicKey: X }, "unknown_key"]);
    all.read({ issuers: { [`agent ${A}`]: { kind: "unchanged", version: "v1", ageMs: 0 } } } as never, NOW + 1);
    expect(all.keyOf(A, "new", NOW)).toEqual({ publicKey: X });
    all.read({ issuers: {} } as never, NOW + 2);
    all.read({} as never, NOW + 3);
    expect(all.keyOf(A, "new", NOW)).toEqual({ publicKey: X });
  });
});

describe("other agents", () => {
  it("are unknown where the list is not open", () => {
    const { all, written } = directories();
    expect(all.keyOf(B, "t", NOW)).toBe("unknown_agent");
    expect(Object.keys(written())).toEqual([`agent ${A}`]);
  });

  it("are fetched where it is, at most 64 at once, the latest ones", () => {
    const { all, reply, written } = directories(true);
    expect(all.keyOf(B, "t", NOW)).toBe("pending");
    reply(B, NOW);
    for (let n = 0; n < 63; n++) all.keyOf(`https://c${n}.example`, "t", NOW);
    expect(all.keyOf(B, "t", NOW)).toEqual({ publicKey: X });
    all.keyOf("https://d.example", "t", NOW);
    const names = Object.keys(written());
    expect(names).toHaveLength(65);
    expect([names.includes(`agent ${A}`), names.includes(`agent ${B}`), names.includes("agent https://c0.example")]).toEqual([
      ...[true, true, false],
    ]);
  });
});
