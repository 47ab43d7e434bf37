// Bounds what a host sends: messages, errors, and the ends of streams. An error can repeat what a caller wrote, so that it grows with it.
import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { endStreamFlag, endStreamToJson, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus, trailerFlag, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { cutText } from "../../../core/violations/text.ts";
import type { Settings } from "../settings.ts";

const MAX_ERROR_BYTES = 65_536;
const MAX_MESSAGE_LENGTH = 4_096; // code units
const SHORT_MESSAGE_LENGTH = 1_024; // code units

/** Bytes of an error with its details and metadata, or of the trailers of a call. */
export function maxErrorBytes({ writeMaxBytes }: Settings): number {
  return Math.min(MAX_ERROR_BYTES, writeMaxBytes);
}

/** The response is larger than the host may send. */
export function responseTooLarge(writeMaxBytes: number): ConnectError {
  return new ConnectError(
    `response is larger than ${writeMaxBytes} bytes; request less, or raise writeMaxBytes of the service`,
    Code.ResourceExhausted,
  );
}

/**
 * @param error is not changed
 * @returns the error with a message of at most 4096 characters of well-formed Unicode; without its details or metadata where these are
 *   larger than an error may be
 */
export function limitError(error: ConnectError, settings: Settings): ConnectError {
  const maxBytes = maxErrorBytes(settings);
  const text = cutText(error.rawMessage, MAX_MESSAGE_LENGTH);
  const limited = text === error.rawMessage ? error : withMessage(error, text, error.metadata, error.details);
  if ((limited.details.length === 0 || fits(limited, settings, maxBytes)) && sizeOf(limited.metadata) <= maxBytes) return limited;
  const note = `its details are left out: they are larger than ${maxBytes} bytes`;
  return withMessage(error, `${cutText(text, SHORT_MESSAGE_LENGTH)} (${note})`, undefined, []);
}

function withMessage(error: ConnectError, message: string, metadata: Headers | undefined, details: ConnectError["details"]): ConnectError {
  const copy = new ConnectError(message, error.code, metadata);
  copy.isWireError = error.isWireError;
  copy.details = details;
  return copy;
}

function fits(error: ConnectError, { json }: Settings, maxBytes: number): boolean {
  try {
    return errorToJsonBytes(error, json).byteLength <= maxBytes;
  } catch {
    return false; // a detail that has no binary form
  }
}

function sizeOf(metadata: Headers): number {
  let size = 0;
  for (const [name, value] of metadata) size += name.length + value.length;
  return size;
}

/**
 * The end of a stream as it may be sent. Trailers that are too large are replaced by an error.
 *
 * @param envelope the last one of a stream, or any other, which is returned as it is
 */
export function limitEnd(envelope: Uint8Array, isGrpcWeb: boolean, settings: Settings): Uint8Array {
  const flag = isGrpcWeb ? trailerFlag : endStreamFlag;
  const maxBytes = maxErrorBytes(settings);
  if (((envelope[0] ?? 0) & flag) === 0 || envelope.byteLength <= maxBytes + 5) return envelope;
  const error = trailersTooLarge(maxBytes);
  if (isGrpcWeb) return encodeEnvelope(flag, trailerSerialize(setTrailerStatus(new Headers(), error)));
  return encodeEnvelope(flag, new TextEncoder().encode(JSON.stringify(endStreamToJson(new Headers(), error, undefined))));
}

export function trailersTooLarge(maxBytes: number): ConnectError {
  return new ConnectError(`trailers are larger than ${maxBytes} bytes`, Code.ResourceExhausted);
}
