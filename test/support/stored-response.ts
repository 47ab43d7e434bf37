// A stored response for tests.
import type { StoredResponse } from "../../core/cache/stored-response.ts";

export function storedResponse(text: string, now: number, more: Partial<StoredResponse> = {}): StoredResponse {
  return {
    status: 200,
    headers: [["content-type", "application/json"]],
    body: new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>,
    storedAt: now,
    freshUntil: now + 300_000,
    staleUntil: now + 300_000,
    staleIfErrorUntil: now + 600_000,
    generatedAt: now,
    revalidatableUntil: 0,
    fetchMs: 5,
    unchangedCount: 0,
    tags: ["user:42"],
    route: "users.v1.UserService/GetUser",
    purgeSeq: 0,
    ...more,
  };
}

export const textOf = (stored: StoredResponse | undefined): string | undefined => stored && new TextDecoder().decode(stored.body);
