// Reads the body of an upstream's response where the gateway uses it: it is bounded, whole, and a message of its method.
import type { DescMethod, Message } from "@bufbuild/protobuf";
import { trailerFlag } from "@connectrpc/connect/protocol-grpc-web";
import { printable } from "../../../core/protocol/printable.ts";
import { responseStream } from "../../../core/protocol/response-stream.ts";
import { brokenBody, type InvalidResponse, tooLarge, truncated } from "../../../core/protocol/rpc-response.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { CallAttempt } from "../../call/call-attempt.ts";
import { type BodyRead, type LargeBody, readBody } from "../bodies/response-body.ts";
import { reserveResponse } from "../call/memory.ts";
import type { Call } from "../call.ts";
import { messageOf } from "../transcode/upstream-messages.ts";
import { decompressed, type Envelope, readEnvelopes } from "../translate/envelopes.ts";
import { encodingOf } from "../translate/headers.ts";

/** `large`: what was read of a body that is passed on, since it is too large to be held. */
export type CheckedResponse =
  | { readonly misfit: InvalidResponse }
  | { readonly body: BodyInit | null; readonly message?: Message }
  | { readonly large: LargeBody };

/** A response whose body is read. */
export interface ReadResponse {
  readonly call: Call;
  readonly attempt: CallAttempt;
  readonly response: Response;
  readonly length: number | undefined; // length that its connection enforces; undefined where it is not known
}

/** A smaller body is read without a reservation, which would cost each call a little: the number of calls in flight bounds these. */
const UNRESERVED_BYTES = 4_096;

/** Reads at most `maxBytes`. @throws the reason the call ended meanwhile; Rejected where there is no memory for the body */
async function readWithin({ call, attempt, response, length }: ReadResponse, maxBytes: number): Promise<BodyRead | InvalidResponse> {
  if (length !== undefined && length > maxBytes) return { kind: "large", head: [], rest: response.body! };
  const reserve = (bytes: number): void => {
    if (bytes > UNRESERVED_BYTES) reserveResponse(call, bytes);
  };
  try {
    if (length === undefined) return await readBody(response.body, maxBytes, reserve, declaredLength(response.headers));
    reserve(length);
    return { kind: "whole", body: new Uint8Array(await response.arrayBuffer()) }; // takes less CPU
  } catch (error) {
    return brokenOff(attempt, error);
  }
}

/** The length that a response declares: whole bytes; undefined where it declares none. */
function declaredLength(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  return text !== null && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** A small body is held until it is whole, so that a response that breaks off, or takes too long, still becomes an error. */
export async function holdBody(read: ReadResponse, maxBytes: number): Promise<CheckedResponse> {
  const result = await readWithin(read, maxBytes);
  if ("code" in result) return { misfit: result };
  if (result.kind === "large") return { large: result };
  const { body } = result;
  return isFalseGzip(read.response.headers, body) ? { misfit: brokenBody("sent a body that is not the gzip it is declared as") } : { body };
}

function isFalseGzip(headers: Headers, [first, second]: Uint8Array): boolean {
  if (first === undefined) return false; // empty messages may come uncompressed
  const encoding = headers.get("content-encoding");
  return encoding !== null && /^(?:x-)?gzip$/i.test(encoding) && !(first === 0x1f && second === 0x8b);
}

/** @param maxBytes a larger body is a fault of the upstream */
async function wholeBody(read: ReadResponse, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | InvalidResponse> {
  const result = await readWithin(read, maxBytes);
  if ("code" in result) return result;
  return result.kind === "whole" ? result.body : tooLarge("a response", maxBytes);
}

export interface Decoding {
  readonly method: DescMethod | undefined; // undefined: messages are not decoded
  readonly isPlain: boolean; // no compressed response was requested
  readonly maxBytes: number;
  readonly maxElements: number; // most elements of a message that is decoded
}

export async function connectMessage(read: ReadResponse, { method, isPlain, maxBytes, maxElements }: Decoding): Promise<CheckedResponse> {
  const body = await wholeBody(read, maxBytes);
  if ("code" in body) return { misfit: body };
  const encoding = encodingOf(read.response.headers, "content-encoding");
  if (encoding !== null) return isPlain ? { misfit: unrequested(encoding) } : { body };
  return method === undefined ? { body } : decode(body, body, method, maxElements);
}

export async function grpcWebMessage(read: ReadResponse, { method, isPlain, maxBytes, maxElements }: Decoding): Promise<CheckedResponse> {
  const body = await wholeBody(read, maxBytes);
  if ("code" in body) return { misfit: body };
  const { headers } = read.response;
  const isOnlyHead = headers.has("grpc-status"); // an error in the headers alone, which is whole without a body
  const stream = responseStream("grpc_web", maxBytes);
  const misfit = stream.read(body) ?? (isOnlyHead && body.byteLength === 0 ? undefined : stream.missing());
  if (misfit !== undefined) return { misfit };
  const frames = readEnvelopes(body) ?? [];
  const encoding = encodingOf(headers, "grpc-encoding");
  const problem = await unreadable(frames, encoding, isPlain);
  if (problem !== undefined) return { misfit: brokenBody(problem) };
  const messages = frames.filter(({ flags }) => (flags & trailerFlag) === 0);
  const [only] = messages;
  const isDecoded = method !== undefined && only !== undefined && messages.length === 1 && (only.flags & 1) === 0;
  return isDecoded ? decode(body, only.data, method, maxElements) : { body };
}

async function unreadable(frames: readonly Envelope[], encoding: string | null, isPlain: boolean): Promise<string | undefined> {
  for (const frame of frames) {
    if ((frame.flags & 1) === 0) continue;
    if (encoding === null) return "sent a compressed message, and no header that says how it is compressed";
    if ((frame.flags & trailerFlag) !== 0) {
      const isRead = await decompressed(frame, encoding).then(
        () => true,
        () => false,
      );
      if (!isRead) return "sent trailers that cannot be decompressed";
    } else if (isPlain) return unrequested(encoding).problem;
  }
  return undefined;
}

function unrequested(encoding: string): InvalidResponse {
  return brokenBody(`responded in content encoding "${printable(encoding)}", which was not requested`);
}

function decode(body: Uint8Array<ArrayBuffer>, bytes: Uint8Array, method: DescMethod, maxElements: number): CheckedResponse {
  try {
    return { body, message: messageOf(bytes, method, maxElements) };
  } catch (error) {
    if (!(error instanceof Rejected && error.rejection.kind === "upstream_invalid")) throw error;
    const { kind: _, upstream: __, ...misfit } = error.rejection;
    return { misfit };
  }
}

/** A body that breaks off is an invalid response, unless the call itself has ended, or the gateway has ended it. @throws `error` then */
export function brokenOff(attempt: CallAttempt, error: unknown): InvalidResponse {
  if (attempt.isEnded || error instanceof Rejected) throw error;
  return truncated("closed the connection before the end of its response");
}
