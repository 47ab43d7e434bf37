// What a test file leaves behind does not reach those that run after it in the same isolate: its clock, its mocks, and what it has stored.
import { reset } from "cloudflare:test";
import { afterAll, vi } from "vitest";

afterAll(async () => {
  vi.useRealTimers(); // `setSystemTime` sets the clock also without fake timers
  vi.restoreAllMocks();
  await reset(); // objects have a clock that is never set back: the calls of later files would come from their past
});
