// Checks that a response of an upstream is a complete RPC response; anything else counts as a failure of the upstream.
import type { DescMethod, JsonValue } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeFromString, errorFromJson, errorToJson } from "@connectrpc/connect/protocol-connect";
import { responseStream } from "../../../core/protocol/response-stream.ts";
import {
  brokenBody,
  type CallProtocol,
  checkHead,
  expectedType,
  type InvalidResponse,
  invalidHead,
  mayBeError,
  type ResponseHead,
  tooLarge,
} from "../../../core/protocol/rpc-response.ts";
import type { CallAttempt } from "../../call/call-attempt.ts";
import { cancelResponse } from "../bodies/cancel-response.ts";
import { breakOff } from "../bodies/response-body.ts";
import type { Call, RequestUpload } from "../call.ts";
import { encodingOf } from "../translate/headers.ts";
import { mediaType, type Protocol } from "./protocol.ts";
import { brokenOff, type CheckedResponse, connectMessage, grpcWebMessage, holdBody, type ReadResponse } from "./response-messages.ts";
import { boundRetryInfo } from "./retry-info.ts";

/** How the responses of a route are read. Of responses that are forwarded unchanged, the head is checked, and the body of errors. */
export interface ResponseReading {
  readonly form: "unary" | "stream" | "http"; // http: plain HTTP, where any response is valid
  readonly decodes?: DescMethod; // set where the gateway reads the messages: for REST callers, and to store them
  readonly isPlain?: boolean; // no compressed response is requested, as for REST callers
}

/** A larger body is not held in memory, but passed on, unless the gateway reads its message. */
const HELD_BYTES = 65_536;
/** Two readers may find two ends of such a response. RFC 9112, section 6.3 */
const TWO_LENGTHS = brokenBody("declared the length of its response twice, by Content-Length and by Transfer-Encoding");
/** A larger error is none of an RPC: gRPC bounds the status of a call to 8 KiB by default. */
const ERROR_BYTES = 65_536;

/**
 * Returns undefined, without a promise, where the head is valid and the body is only passed on.
 *
 * @param length length of the body that its connection enforces; undefined where it is not known
 * @returns what is wrong with the response, or the body to forward
 * @throws the reason the call ended while the body was read: its deadline, or its caller
 */
export function checkResponse(
  { form, decodes, isPlain }: ResponseReading,
  call: Call,
  attempt: CallAttempt,
  response: Response,
  length: number | undefined,
): CheckedResponse | Promise<CheckedResponse> | undefined {
  const { outgoing, isTranslated } = call;
  const { maxResponseBytes: maxBytes, maxResponseElements: maxElements } = call.route;
  const { headers, status } = response;
  const read: ReadResponse = { call, attempt, response, length };
  const isGrpcWeb = outgoing.protocol.kind === "grpc_web";
  let isRead = false; // the gateway uses the message
  let isBinary = true;
  if (form === "http") {
    if (outOfRange(status)) return { misfit: brokenBody(`responded with status ${status}`) };
    if (length !== undefined && headers.has("transfer-encoding")) return { misfit: TWO_LENGTHS };
  } else {
    const wire: CallProtocol = isGrpcWeb ? "grpc_web" : form === "unary" ? "connect_unary" : "connect_stream";
    const { method, query, headers: sent } = outgoing;
    const expected = expectedType(method === "GET" ? "" : mediaType(sent.get("content-type")), query);
    const head: ResponseHead = {
      status,
      contentType: mediaType(headers.get("content-type")),
      length: headers.get("content-length"),
      grpcStatus: isGrpcWeb ? headers.get("grpc-status") : null,
      isConditional: status === 304 && (sent.has("if-none-match") || sent.has("if-modified-since")),
    };
    const wrong = checkHead(wire, expected, head);
    if (wrong !== undefined) return { misfit: wrong };
    if (!isGrpcWeb && mayBeError(head)) return errorBody(read, invalidHead(wire, expected, head));
    if (length !== undefined && headers.has("transfer-encoding")) return { misfit: TWO_LENGTHS };
    if (form === "stream") return undefined;
    isRead = status === 200 && (decodes !== undefined || isTranslated);
    isBinary = !head.contentType.endsWith("json");
  }
  if (response.body === null) return undefined; // a response to HEAD, or with a status that has no body
  if (length !== undefined && length > maxBytes) return { misfit: tooLarge("a response", maxBytes) };
  if (isRead) {
    const decoding = { isPlain: isPlain === true, method: isBinary ? decodes : undefined, maxBytes, maxElements };
    return isGrpcWeb ? grpcWebMessage(read, decoding) : connectMessage(read, decoding);
  }
  // A caller of plain HTTP may read a response of unknown length while it is sent.
  const isHeld = form === "unary" || Number(headers.get("content-length") ?? Number.POSITIVE_INFINITY) <= HELD_BYTES;
  return isHeld ? holdBody(read, HELD_BYTES) : undefined;
}

/** A status outside HTTP, or an informational one, which is not for callers. */
function outOfRange(status: number): boolean {
  return status < 200 || status > 599;
}

/** Reads the body of an error. JSON without a code is no Connect error. */
async function errorBody(read: ReadResponse, foreign: InvalidResponse): Promise<CheckedResponse> {
  const checked = await holdBody(read, ERROR_BYTES);
  if ("misfit" in checked) return checked;
  if ("large" in checked) return { misfit: foreign };
  if (encodingOf(read.response.headers, "content-encoding") !== null) return checked;
  const error = connectErrorIn(checked.body as Uint8Array<ArrayBuffer>);
  if (error === undefined) return { misfit: foreign };
  read.call.origin.upstreamCode = error.code;
  return { body: error.bytes };
}

/** The bytes of an error, in which RetryInfo is bounded; undefined where they are none. */
function connectErrorIn(bytes: Uint8Array<ArrayBuffer>): { readonly bytes: Uint8Array<ArrayBuffer>; readonly code: string } | undefined {
  try {
    const text = new TextDecoder().decode(bytes);
    const json: unknown = JSON.parse(text);
    if (typeof json !== "object" || json === null || !("code" in json)) return undefined;
    const code = String(json.code);
    if (codeFromString(code) === undefined) return undefined;
    if (!text.includes("google.rpc.RetryInfo")) return { bytes, code };
    const error = errorFromJson(json as JsonValue, undefined, new ConnectError("no error of Connect", Code.Internal));
    error.details = boundRetryInfo(error.details);
    return { bytes: new TextEncoder().encode(JSON.stringify(errorToJson(error, undefined))) as Uint8Array<ArrayBuffer>, code }; // never shared memory
  } catch {
    return undefined;
  }
}

/**
 * Forwards a stream and checks that it is complete.
 *
 * @param maxBytes largest message, bytes, as it is sent
 * @param onBroken called once where the stream breaks off, ends too early, or is no stream of envelopes; returns what its reader gets
 * @param upload   the request, where it is still being sent
 */
export function watchStream(
  body: ReadableStream<Uint8Array> | null,
  protocol: Protocol,
  attempt: CallAttempt,
  maxBytes: number,
  onBroken: (misfit: InvalidResponse) => Error,
  upload: RequestUpload | undefined,
): ReadableStream<Uint8Array> {
  const stream = responseStream(protocol.kind === "grpc_web" ? "grpc_web" : "connect_stream", maxBytes);
  const reader = (body ?? new Blob([]).stream()).getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await reader.read().catch((error: unknown) => failure(attempt, error));
        if ("error" in chunk) return breakOff(controller, chunk.error);
        if ("code" in chunk) return breakOff(controller, onBroken(chunk));
        const { done, value } = chunk;
        const wrong = done ? stream.missing() : stream.read(value);
        if (wrong === undefined) return done ? controller.close() : controller.enqueue(value);
        breakOff(controller, onBroken(wrong));
        if (!done) cancelResponse(reader, upload);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function failure(attempt: CallAttempt, error: unknown): InvalidResponse | { readonly error: unknown } {
  try {
    return brokenOff(attempt, error);
  } catch (ended) {
    return { error: ended };
  }
}
