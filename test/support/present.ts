/**
 * Where a fake clock starts in tests of Durable Objects: now, in whole seconds. Their alarms follow the clock of the platform, so that one set by a
 * clock of the past comes at once, again and again.
 */
export const present = (): number => Math.floor(Date.now() / 1_000) * 1_000;
