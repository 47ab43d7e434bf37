// Writes the copy of the live version to KV after a change, in the background.
import { logEvent } from "../../../log.ts";
import { type CopyNamespace, writeLiveCopy } from "../../control/live-copy.ts";
import type { ControlPlaneStub } from "../../control/plane-binding.ts";

const TRIES = 3;
const PAUSE_MS = 1_100; // KV takes one write a second for a key

/** Copies what is live when it writes, not what was live when it was called: of two calls, none leaves the older version. Never rejects. */
export async function copyLive(
  plane: Pick<ControlPlaneStub, "status" | "version">,
  namespace: CopyNamespace,
  pauseMs = PAUSE_MS,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const { sequence, live } = await plane.status();
      const stored = live === undefined ? undefined : await plane.version(live.version);
      await writeLiveCopy(namespace, { sequence, version: live?.version ?? 0, snapshot: stored?.snapshot });
      return;
    } catch (error) {
      if (tries === TRIES) return logEvent("control_copy_failed", { error });
      await scheduler.wait(pauseMs);
    }
  }
}
