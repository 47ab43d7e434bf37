// Checks that a response of an upstream is a complete RPC response; anything else counts as a failure of the upstream.
import type { DescMethod, Message } from "@bufbuild/protobuf";
import { codeFromString } from "@connectrpc/connect/protocol-connect";
import { trailerFlag } from "@connectrpc/connect/protocol-grpc-web";
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
  truncated,
} from "../../../core/protocol/rpc-response.ts";
import { readBody } from "../cache/responses/buffered-response.ts";
import type { CallAttempt } from "../call/attempt.ts";
import type { Call } from "../call.ts";
import { messageOf } from "../transcode/upstream-messages.ts";
import { decompressed, type Envelope, readEnvelopes } from "../translate/envelopes.ts";
import { encodingOf } from "../translate/headers.ts";
import { mediaType, type Protocol } from "./protocol.ts";

/** How the responses of a route are read. Of responses that are forwarded unchanged, the head is checked, and the body of errors. */
export interface ResponseReading {
  readonly form: "unary" | "stream" | "http"; // http: plain HTTP, where any response is valid
  readonly decodes?: DescMethod; // set where the gateway reads the messages: for REST callers, and to store them
  readonly isPlain?: boolean; // no compressed response is requested, as for REST callers
}

export type CheckedResponse = { readonly misfit: InvalidResponse } | { readonly body: BodyInit | null; readonly message?: Message };

const ERROR_BYTES = 65_536; // a longer error body is forwarded unread

/**
 * Returns undefined, without a promise, where the head is valid and nothing else has to be checked.
 *
 * @returns what is wrong with the response, or the body to forward
 * @throws the reason the call ended while the body was read: its deadline, or its caller
 */
export function checkResponse(
  { form, decodes, isPlain }: ResponseReading,
  { outgoing, isTranslated }: Call,
  attempt: CallAttempt,
  response: Response,
): CheckedResponse | Promise<CheckedResponse> | undefined {
  if (form === "http") return outOfRange(response.status) ? { misfit: brokenBody(`responded with status ${response.status}`) } : undefined;
  const { headers, status } = response;
  const isGrpcWeb = outgoing.protocol.kind === "grpc_web";
  const wire: CallProtocol = isGrpcWeb ? "grpc_web" : form === "unary" ? "connect_unary" : "connect_stream";
  const { method, query, headers: sent } = outgoing;
  const expected = expectedType(method === "GET" ? "" : mediaType(sent.get("content-type")), query);
  const head: ResponseHead = {
    status,
    contentType: mediaType(headers.get("content-type")),
    length: headers.get("content-length"),
    grpcStatus: isGrpcWeb ? headers.get("grpc-status") : null,
  };
  const wrong = checkHead(wire, expected, head);
  if (wrong !== undefined) return { misfit: wrong };
  if (!isGrpcWeb && mayBeError(head)) return errorBody(attempt, response, invalidHead(wire, expected, head));
  if (form !== "unary" || status !== 200 || (decodes === undefined && !isTranslated)) return undefined;
  const binary = { isPlain: isPlain === true, method: head.contentType.endsWith("json") ? undefined : decodes };
  return isGrpcWeb ? grpcWebMessage(attempt, response, binary) : connectMessage(attempt, response, binary);
}

/** A status outside HTTP, or an informational one, which is not for callers. */
function outOfRange(status: number): boolean {
  return status < 200 || status > 599;
}

/** Reads the body of an error. JSON without a code is no Connect error. */
async function errorBody(attempt: CallAttempt, response: Response, foreign: InvalidResponse): Promise<CheckedResponse> {
  const { headers, body } = response;
  if (encodingOf(headers, "content-encoding") !== null) return { body };
  const read = await reading(attempt, readBody(body, headers.get("content-length"), ERROR_BYTES));
  if ("code" in read) return { misfit: read };
  if (read.kind === "large") return { body: read.body };
  return isConnectError(read.body) ? { body: read.body as Uint8Array<ArrayBuffer> } : { misfit: foreign };
}

function isConnectError(bytes: Uint8Array): boolean {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof json === "object" && json !== null && "code" in json && codeFromString(String(json.code)) !== undefined;
  } catch {
    return false;
  }
}

interface Decoding {
  readonly method: DescMethod | undefined; // undefined: messages are not decoded
  readonly isPlain: boolean;
}

async function connectMessage(attempt: CallAttempt, response: Response, { method, isPlain }: Decoding): Promise<CheckedResponse> {
  const bytes = await reading(attempt, response.arrayBuffer());
  if ("code" in bytes) return { misfit: bytes };
  const body = new Uint8Array(bytes);
  const encoding = encodingOf(response.headers, "content-encoding");
  if (encoding !== null) return isPlain ? { misfit: unrequested(encoding) } : { body };
  return method === undefined ? { body } : decode(body, body, method);
}

async function grpcWebMessage(attempt: CallAttempt, response: Response, { method, isPlain }: Decoding): Promise<CheckedResponse> {
  const bytes = await reading(attempt, response.arrayBuffer());
  if ("code" in bytes) return { misfit: bytes };
  const body = new Uint8Array(bytes);
  const { headers } = response;
  const isOnlyHead = headers.has("grpc-status"); // an error in the headers alone, which is whole without a body
  const stream = responseStream("grpc_web");
  const noEnvelope = stream.read(body);
  if (noEnvelope !== undefined) return { misfit: brokenBody(noEnvelope) };
  const missing = isOnlyHead && body.byteLength === 0 ? undefined : stream.missing();
  if (missing !== undefined) return { misfit: truncated(missing) };
  const frames = readEnvelopes(body) ?? [];
  const encoding = encodingOf(headers, "grpc-encoding");
  const problem = await unreadable(frames, encoding, isPlain);
  if (problem !== undefined) return { misfit: brokenBody(problem) };
  const messages = frames.filter(({ flags }) => (flags & trailerFlag) === 0);
  const [only] = messages;
  const isDecoded = method !== undefined && only !== undefined && messages.length === 1 && (only.flags & 1) === 0;
  return isDecoded ? decode(body, only.data, method) : { body };
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
  return brokenBody(`responded in content encoding "${encoding.slice(0, 20)}", which was not requested`);
}

function decode(body: Uint8Array<ArrayBuffer>, bytes: Uint8Array, method: DescMethod): CheckedResponse {
  try {
    return { body, message: messageOf(bytes, method) };
  } catch {
    return { misfit: brokenBody(`sent bytes that are not a ${method.output.typeName}`) };
  }
}

/** A body that breaks off is an invalid response, unless the call itself has ended. */
async function reading<T extends object>(attempt: CallAttempt, body: Promise<T>): Promise<T | InvalidResponse> {
  try {
    return await body;
  } catch (error) {
    if (attempt.isEnded) throw error;
    return truncated("closed the connection before the end of its response");
  }
}

/**
 * Forwards a stream and checks that it is complete.
 *
 * @param onBroken called once where the stream breaks off, ends too early, or is no stream of envelopes; returns what its reader gets
 */
export function watchStream(
  body: ReadableStream<Uint8Array> | null,
  protocol: Protocol,
  attempt: CallAttempt,
  onBroken: (misfit: InvalidResponse) => Error,
): ReadableStream<Uint8Array> {
  const stream = responseStream(protocol.kind === "grpc_web" ? "grpc_web" : "connect_stream");
  const reader = (body ?? new Blob([]).stream()).getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await reading(attempt, reader.read()).catch((error: unknown) => ({ error }));
        if ("error" in chunk) return controller.error(chunk.error);
        if ("code" in chunk) return controller.error(onBroken(chunk));
        const { done, value } = chunk;
        const wrong = done ? stream.missing() : stream.read(value);
        if (wrong === undefined) return done ? controller.close() : controller.enqueue(value);
        controller.error(onBroken(done ? truncated(wrong) : brokenBody(wrong)));
        if (!done) await reader.cancel().catch(() => undefined);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
