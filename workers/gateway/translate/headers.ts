// Headers that only one of the two protocols has, and their counterparts in the other.
import { type Code, ConnectError } from "@connectrpc/connect";
import { REASON_HEADER } from "../../../core/headers.ts";
import type { Reason } from "../../../core/reasons.ts";

/** Moves the value of a header to the header of that meaning in the other protocol. */
export function renameHeader(headers: Headers, from: string, to: string): void {
  const value = headers.get(from);
  headers.delete(from);
  if (value === null) headers.delete(to);
  else headers.set(to, value);
}

/** An error of the gateway about a response that it cannot translate. Its reason is written where the error is: headers or trailers. */
export function untranslatable(problem: string, code: Code): ConnectError {
  const reason: Reason = "upstream_body";
  return new ConnectError(problem, code, { [REASON_HEADER]: reason });
}

/** Trailers of an upstream, which cannot name a reason. */
export function trailersOf(headers: Headers): Headers {
  headers.delete(REASON_HEADER);
  return headers;
}

export function withoutHeaders(headers: Headers, names: readonly string[]): Headers {
  const remaining = new Headers(headers);
  for (const name of names) remaining.delete(name);
  return remaining;
}

/** @returns null for "identity", which means no encoding */
export function encodingOf(headers: Headers, name: string): string | null {
  const encoding = headers.get(name);
  return encoding === null || encoding === "" || encoding.toLowerCase() === "identity" ? null : encoding;
}

/** `proto` or `json`, from any content type of either protocol. */
export function codecOf(mediaType: string): string {
  return mediaType.endsWith("json") ? "json" : "proto";
}

/**
 * Translates the headers of a stream of requests. Its body passes unchanged, because both protocols have the same envelopes.
 *
 * @param codec `proto` or `json`
 */
export function translateStreamHeaders(headers: Headers, from: StreamHeaders, to: StreamHeaders, codec: string): void {
  renameHeader(headers, from.encoding, to.encoding);
  renameHeader(headers, from.acceptEncoding, to.acceptEncoding);
  headers.set("accept-encoding", "identity");
  headers.set("content-type", `${to.contentType}+${codec}`);
}

export interface StreamHeaders {
  readonly encoding: string;
  readonly acceptEncoding: string;
  readonly contentType: string; // without the codec
}

export const CONNECT_STREAM: StreamHeaders = {
  encoding: "connect-content-encoding",
  acceptEncoding: "connect-accept-encoding",
  contentType: "application/connect",
};
export const GRPC_WEB_STREAM: StreamHeaders = {
  encoding: "grpc-encoding",
  acceptEncoding: "grpc-accept-encoding",
  contentType: "application/grpc-web",
};
