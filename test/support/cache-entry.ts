// A cached answer for tests.
import type { Entry } from "../../core/cache/entry.ts";

export function entryOf(text: string, now: number, more: Partial<Entry> = {}): Entry {
  return {
    status: 200,
    headers: [["content-type", "application/json"]],
    body: new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>,
    storedAt: now,
    freshUntil: now + 300_000,
    staleUntil: now + 300_000,
    errorUntil: now + 600_000,
    bornAt: now,
    validUntil: 0,
    fetchMs: 5,
    unchanged: 0,
    tags: ["user:42"],
    route: "users.v1.UserService/GetUser",
    seq: 0,
    ...more,
  };
}

export const textOf = (entry: Entry | undefined): string | undefined => entry && new TextDecoder().decode(entry.body);
