import { reset } from "cloudflare:test";
import { Code } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { failureOf } from "./support.ts";
import { create, users, watched } from "./users/directory.ts";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

describe("changesAfter", () => {
  it("ends after ten minutes where there is no deadline, as a hang-up may not be reported", async () => {
    const watch = failureOf(users.watchUsers({}));
    await watched(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 600_000 });
    await create("a");
    expect((await watch).code).toBe(Code.DeadlineExceeded);
  });

  it("ends at the deadline, and leaves no call waiting in the store", async () => {
    await create("a");
    expect((await failureOf(users.watchUsers({}, { timeoutMs: 60 }))).code).toBe(Code.DeadlineExceeded);
    await watched(0);
  });

  it("leaves no call waiting for long after its caller has gone", async () => {
    await create("a");
    const watch = users.watchUsers({ afterRevision: 1n }, { timeoutMs: 100 })[Symbol.asyncIterator]();
    watch.next().catch(() => undefined);
    await watched(1);
    await watch.return?.();
    await watched(0);
  });
});
