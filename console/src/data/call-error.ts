// A call that failed, as the gateway or the browser reports it. Its texts are shown as text, never as markup.
import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";

interface WireDetail {
  readonly type?: unknown;
  readonly value?: unknown;
}

const CODES_BY_STATUS: Readonly<Record<number, string>> = {
  400: "internal",
  401: "unauthenticated",
  403: "permission_denied",
  404: "unimplemented",
  429: "resource_exhausted",
};

export class CallError extends Error {
  readonly code: string; // a code of Connect, as in `permission_denied`
  private readonly wireDetails: readonly WireDetail[];

  constructor(code: string, message: string, details: readonly WireDetail[] = []) {
    super(message === "" ? code.replaceAll("_", " ") : message);
    this.name = "CallError";
    this.code = code;
    this.wireDetails = details;
  }

  /** @returns the first detail of this type that can be read */
  detail<D extends DescMessage>(schema: D): MessageShape<D> | undefined {
    for (const { type, value } of this.wireDetails) {
      if (type !== schema.typeName || typeof value !== "string") continue;
      try {
        return fromBinary(
          schema,
          Uint8Array.from(atob(value), (character) => character.charCodeAt(0)),
        );
      } catch {
        return undefined; // the gateway has another version of the message
      }
    }
    return undefined;
  }
}

/** @param error of a Connect response: JSON with `code`, `message` and `details` @param status of HTTP, for bodies that are none */
export function callErrorOf(error: unknown, status: number): CallError {
  const { code, message, details } = (typeof error === "object" && error !== null ? error : {}) as Readonly<Record<string, unknown>>;
  const known = typeof code === "string" ? code : (CODES_BY_STATUS[status] ?? (status >= 500 ? "unavailable" : "unknown"));
  const text = typeof message === "string" ? message : `the gateway responded with HTTP ${status}`;
  return new CallError(known, text, Array.isArray(details) ? (details as readonly WireDetail[]) : []);
}

/** Anything that was thrown by a call: network failures become `unavailable`. */
export function asCallError(thrown: unknown): CallError {
  if (thrown instanceof CallError) return thrown;
  if (thrown instanceof DOMException && thrown.name === "AbortError") return new CallError("canceled", "the call was canceled");
  return new CallError("unavailable", `the gateway could not be reached (${thrown instanceof Error ? thrown.message : String(thrown)})`);
}
