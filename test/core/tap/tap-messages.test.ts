import { describe, expect, it } from "vitest";
import { MAX_TAP_TEXT, type TapEventRecord, tapEventBytes } from "../../../core/tap/tap-messages.ts";
import { tapEvent } from "./support.ts";

describe("tapEventBytes", () => {
  it("is within a fifth of the event as JSON, for short and for long texts", () => {
    const long = "x".repeat(MAX_TAP_TEXT);
    const events: readonly TapEventRecord[] = [
      tapEvent({}),
      tapEvent({ path: long, route: long, endpoint: long, upstream: long }),
      tapEvent({ filters: ["a".repeat(16), "b".repeat(16)] }),
    ];
    for (const event of events) {
      const bytes = JSON.stringify(event).length;
      expect(tapEventBytes(event)).toBeGreaterThan(bytes * 0.8);
      expect(tapEventBytes(event)).toBeLessThan(bytes * 1.2);
    }
  });
});
