import { expect, it } from "vitest";
import { wait } from "../../workers/wait.ts";

it("waits, and ends early where its signal is aborted, before or meanwhile", async () => {
  const startedAt = Date.now();
  await wait(5);
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(4);
  const reason = new Error("no more");
  await expect(wait(1_000_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  const over = new AbortController();
  const waiting = wait(1_000_000, over.signal);
  over.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});
