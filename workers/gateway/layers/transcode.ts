// Turns a REST request into a Connect call of its method, and the response into JSON.

import type { Message, Registry } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { codeFromHttpStatus, errorFromJsonBytes } from "@connectrpc/connect/protocol-connect";
import { assert } from "../../../core/assert.ts";
import { REASON_HEADER } from "../../../core/headers.ts";
import { UNFINISHED_MESSAGE } from "../../../core/protocol/unfinished-message.ts";
import { Rejected } from "../../../core/rejection.ts";
import { BodyReader } from "../bodies/body-reader.ts";
import { Upload, type UploadSource } from "../bodies/upload.ts";
import { bindToUpload } from "../bodies/upload-response.ts";
import { type Layer, needsWholeBody } from "../call/layer.ts";
import { reserveMemory } from "../call/memory.ts";
import { brokenOff } from "../call/outcome.ts";
import type { RequestBody } from "../call/outgoing.ts";
import type { Call } from "../call.ts";
import { mediaType } from "../protocol/protocol.ts";
import { STREAM_BROKEN, STREAM_LATE } from "../protocol/refusal.ts";
import { decodeRequest } from "../transcode/decode-request.ts";
import { messageIn } from "../transcode/decoded-messages.ts";
import { encodeRequest } from "../transcode/encode-request.ts";
import { encodeResponse } from "../transcode/encode-response.ts";
import { decodeRequestStream } from "../transcode/request-stream.ts";
import { type EventTiming, encodeStream } from "../transcode/response-stream.ts";
import type { RestRoute } from "../transcode/rules/rules.ts";
import { statusJson } from "../transcode/status.ts";
import { messageOf, messagesOf, onlyMessageOf } from "../transcode/upstream-messages.ts";

export interface TranscodeSettings {
  readonly types: Registry; // types of details of errors
  readonly timing: EventTiming;
  readonly idleMs: number; // longest silence of the caller within a message of a stream
  readonly pauseMs: number; // longest silence between the messages of a stream
}

export function transcode(route: RestRoute, settings: TranscodeSettings): Layer {
  const { types, timing } = settings;
  const { method } = route;
  const { methodKind } = method;
  const isUnary = methodKind === "unary";
  const isRequestStream = methodKind === "client_streaming" || methodKind === "bidi_streaming";
  const isResponseStream = methodKind === "server_streaming" || methodKind === "bidi_streaming";
  const contentType = isUnary ? "application/proto" : "application/connect+proto";

  return needsWholeBody((next) => async (call) => {
    const accept = call.outgoing.headers.get("accept");
    const upload = isRequestStream ? new Upload(messagesIn(route, call, settings), call.signal) : undefined;
    call.upload = upload;
    becomeConnect(call, upload?.body ?? oneMessage(route, call, isUnary), contentType);

    const stop = async (): Promise<void> => upload?.fail(new Rejected({ kind: "caller_gone" }));
    let fromUpstream: Response | undefined;
    const respond = async (): Promise<Response> => {
      fromUpstream = await next(call);
      if (fromUpstream.status === 200 && mediaType(fromUpstream.headers.get("content-type")) === contentType) return fromUpstream;
      throw errorOf(await bytesOf(fromUpstream), fromUpstream.status);
    };
    let hasBegun = false; // the response has begun: an error from now on is written into its stream
    const received = async function* (): AsyncGenerator<Message> {
      try {
        const { body: stream } = await respond();
        const read = upload === undefined || stream === null ? stream : bindToUpload(stream, upload);
        yield* messagesOf(read ?? new Blob([]).stream(), method, call.route.maxResponseElements, whyBroken);
      } catch (error) {
        throw hasBegun && !(error instanceof ConnectError) ? inBand(error) : error;
      } finally {
        upload?.close();
      }
    };
    const inBand = (error: unknown): unknown => {
      const why = upload?.failure ?? error;
      if (why instanceof Rejected) return brokenOff(call, why.rejection);
      return call.signal?.aborted === true ? brokenOff(call, STREAM_LATE) : error;
    };
    const whyBroken = (error: unknown): ConnectError => {
      const why = inBand(error);
      return why instanceof ConnectError ? why : brokenOff(call, STREAM_BROKEN);
    };
    try {
      if (isUnary) {
        const response = await respond();
        const message = messageIn(response) ?? messageOf(await bytesOf(response), method, call.route.maxResponseElements);
        return restResponse(encodeResponse(route, message), fromUpstream);
      }
      if (!isResponseStream) return restResponse(encodeResponse(route, await onlyMessageOf(received(), method)), fromUpstream);
      const encoded = await encodeStream(route, stoppable(received(), stop), accept, types, timing);
      hasBegun = true;
      return restResponse(encoded, fromUpstream);
    } catch (error) {
      const why = upload?.failure ?? error;
      if (why instanceof ConnectError) return failed(fromUpstream, why, types, call.reason !== undefined);
      throw why;
    }
  });
}

/** Messages that stop their source, too, when they are no longer read: a generator alone ends with the next message at the earliest. */
function stoppable(messages: AsyncGenerator<Message>, stop: () => Promise<void>): AsyncIterable<Message> {
  const done = async (): Promise<IteratorResult<Message>> => {
    await stop();
    void messages.return(undefined).catch(() => undefined);
    return { done: true, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next: () => messages.next(), return: done }) };
}

/** The messages of a stream of requests, each in an envelope. @throws Rejected where the content type, or the URL, is not accepted */
function messagesIn(route: RestRoute, call: Call, { idleMs, pauseMs }: TranscodeSettings): UploadSource {
  const { query, headers, body } = call.outgoing;
  const stream = body instanceof ReadableStream ? body : new Blob([body ?? ""]).stream();
  const reader = new BodyReader(call, stream, { idleMs, until: Number.POSITIVE_INFINITY }, reserveMemory(call, 0));
  let pending = 0; // bytes that came since the last message
  let isFirst = true; // the call itself has paid for its first message
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = await (pending === 0 ? reader.read(pauseMs) : reader.read());
      if (chunk === undefined) return;
      pending += chunk.byteLength;
      reader.hold(pending);
      yield chunk;
    }
  };
  let messages: ReturnType<typeof decodeRequestStream>;
  try {
    messages = decodeRequestStream(route, call.variables, query, headers.get("content-type"), chunks(), call.route);
  } catch (error) {
    reader.stop();
    throw error;
  }
  return {
    async next() {
      const { done, value } = await messages.next();
      pending = 0;
      if (done !== true && !isFirst) await call.chargeMessages?.(1);
      isFirst = false;
      return done === true ? undefined : encodeEnvelope(0, encodeRequest(route.method.input, value));
    },
    unfinishedMessage: () => UNFINISHED_MESSAGE,
    touch: () => reader.touch(),
    stop() {
      reader.stop();
      messages.return(undefined).catch(() => undefined); // a read may be in progress
    },
  };
}

function oneMessage(route: RestRoute, call: Call, isUnary: boolean): Uint8Array<ArrayBuffer> {
  const { query, headers, body } = call.outgoing;
  assert(!(body instanceof ReadableStream), "the body of a REST call is read whole before it is transcoded");
  const message = decodeRequest(route, call.variables, query, headers.get("content-type"), body, call.route.maxMessageElements);
  call.setMessage(message);
  const bytes = encodeRequest(route.method.input, message);
  return isUnary ? bytes : (encodeEnvelope(0, bytes) as Uint8Array<ArrayBuffer>);
}

/** Makes the request a Connect call; no header of the REST body is left. */
function becomeConnect({ outgoing, route }: Call, body: RequestBody, contentType: string): void {
  outgoing.method = "POST";
  outgoing.path = route.path;
  outgoing.query = "";
  outgoing.body = body;
  const { headers } = outgoing;
  if (headers.has("grpc-timeout")) {
    headers.set("connect-timeout-ms", "0"); // `dispatch` writes the value for the upstream
    headers.delete("grpc-timeout");
  }
  for (const name of ["content-length", "content-encoding", "accept"]) headers.delete(name);
  headers.set("content-type", contentType);
  headers.set("accept-encoding", "identity");
  headers.set("connect-protocol-version", "1");
}

/** @param isOurs `brokenOff` has made the error */
function failed(fromUpstream: Response | undefined, error: ConnectError, types: Registry, isOurs: boolean): Response {
  const { status, body } = statusJson(error, types);
  const response = restResponse({ body: JSON.stringify(body), contentType: "application/json" }, fromUpstream, status);
  const reason = isOurs ? error.metadata.get(REASON_HEADER) : null; // an upstream could have written it
  if (reason !== null) response.headers.set(REASON_HEADER, reason);
  return response;
}

async function bytesOf(fromUpstream: Response): Promise<Uint8Array> {
  return new Uint8Array(await fromUpstream.arrayBuffer());
}

/** The error in the body of a Connect response; where there is none, the error that the HTTP status stands for. */
function errorOf(body: Uint8Array, status: number): ConnectError {
  const fallback = new ConnectError(`upstream responded with status ${status}`, codeFromHttpStatus(status));
  try {
    return errorFromJsonBytes(body, undefined, fallback);
  } catch (error) {
    return ConnectError.from(error);
  }
}

/** @param fromUpstream the response of the upstream; undefined before it has come */
function restResponse(
  { body, contentType }: { body: BodyInit; contentType: string },
  fromUpstream: Response | undefined,
  status = 200,
): Response {
  const headers = new Headers(fromUpstream?.headers);
  for (const name of ["content-length", "content-encoding", "connect-content-encoding", "connect-accept-encoding"]) headers.delete(name);
  headers.set("content-type", contentType);
  // A google.api.HttpBody may be a page of the upstream: on the origin of the gateway it runs no scripts.
  if (/html|xml/i.test(contentType)) headers.set("content-security-policy", "default-src 'none'; sandbox");
  return new Response(body, { status, headers });
}
