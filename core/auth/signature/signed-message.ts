// A message as signatures see it.
import type { SignatureFault } from "./signature-fault.ts";

/** What a signature may cover of a message. */
export interface SignedMessage {
  readonly method: string; // unchanged: the one that the caller has sent
  readonly scheme: "http" | "https";
  readonly authority: string; // in lower case, without the default port of the scheme
  readonly path: string; // canonical: the one that routes are found by
  readonly query: string; // raw; empty, or starts with `?`
  readonly status?: number; // a response has it
  /** @param name in lower case @returns all values of a field, joined by `, `; null where the message has no such field */
  readonly field: (name: string) => string | null;
}

/** The value of a component, or why it has none. */
export type ComponentValue = { readonly value: string } | { readonly reason: SignatureFault };
