// REST at the door, Connect behind it: the request becomes the method's message, the answer becomes JSON again.
import { type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { createEnvelopeReadableStream, encodeEnvelope } from "@connectrpc/connect/protocol";
import { codeFromHttpStatus, endStreamFlag, endStreamFromJson, errorFromJsonBytes } from "@connectrpc/connect/protocol-connect";
import { assert } from "../../../core/assert.ts";
import type { Call, Layer } from "../call.ts";
import { toRefusal } from "../errors.ts";
import { details, mediaType } from "../protocol.ts";
import { decodeRequest } from "../transcode/request.ts";
import { decodeRequestStream } from "../transcode/request-stream.ts";
import { encodeResponse } from "../transcode/response.ts";
import type { RestRoute } from "../transcode/rules.ts";
import { statusJson } from "../transcode/status.ts";
import { encodeStream } from "../transcode/stream.ts";

/**
 * @param maxBytes largest message of a stream of requests; one that comes alone has been held to it already
 */
export function transcode(route: RestRoute, maxBytes: number): Layer {
  const { method } = route;
  const isUnary = method.methodKind === "unary";
  const isRequestStream = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  const path = `/${method.parent.typeName}/${method.name}`;
  return (next) => async (call) => {
    const { headers } = call.outgoing;
    const body = isRequestStream ? envelopes(route, call, maxBytes) : oneMessage(route, call, isUnary);
    const accept = headers.get("accept");
    describeAs(isUnary ? "application/proto" : "application/connect+proto", headers);

    const answer = await next({ ...call, outgoing: { method: "POST", path, query: "", headers, body } });
    if (!isOfType(answer, isUnary ? "application/proto" : "application/connect+proto")) {
      return failed(answer, errorOf(await bytesOf(answer), answer.status));
    }
    try {
      const { body, contentType } = isUnary
        ? encodeResponse(route, messageOf(await bytesOf(answer), method))
        : await encodeStream(route, messagesOf(answer, method), accept, details);
      return restResponse(body, contentType, answer);
    } catch (error) {
      if (error instanceof ConnectError) return failed(answer, error);
      throw error;
    }
  };
}

function oneMessage(route: RestRoute, { variables, outgoing }: Call, isUnary: boolean): Uint8Array<ArrayBuffer> {
  const { query, headers, body } = outgoing;
  assert(!(body instanceof ReadableStream), "the body of a REST call is read whole before it is transcoded");
  const message = toBinary(route.method.input, decodeRequest(route, variables, query, headers.get("content-type"), body));
  return (isUnary ? message : encodeEnvelope(0, message)) as Uint8Array<ArrayBuffer>;
}

/** A stream of requests, one JSON line each, as envelopes: each is sent on when it is whole, and none is waited for. */
function envelopes(route: RestRoute, { variables, outgoing }: Call, maxBytes: number): ReadableStream<Uint8Array> {
  const { query, headers, body } = outgoing;
  const lines = body instanceof ReadableStream ? body : new Blob([body ?? ""]).stream();
  const messages = decodeRequestStream(route, variables, query, headers.get("content-type"), lines, maxBytes);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await messages.next();
        if (done === true) controller.close();
        else controller.enqueue(encodeEnvelope(0, toBinary(route.method.input, value)));
      },
      cancel: async () => void (await messages.return(undefined)),
    },
    { highWaterMark: 0 },
  );
}

/** From here on the call is a Connect one, and nothing may speak of the REST body. */
function describeAs(contentType: string, headers: Headers): void {
  for (const name of ["content-length", "content-encoding", "accept"]) headers.delete(name);
  headers.set("content-type", contentType);
  headers.set("accept-encoding", "identity");
  headers.set("connect-protocol-version", "1");
}

function isOfType(answer: Response, contentType: string): boolean {
  return answer.status === 200 && mediaType(answer.headers.get("content-type")) === contentType;
}

/** The messages of a Connect stream; ends by throwing where the stream ends with an error, or without an end. */
async function* messagesOf(answer: Response, method: DescMethod): AsyncIterable<Message> {
  assert(answer.body !== null, "a Connect stream has a body");
  for await (const { flags, data } of createEnvelopeReadableStream(answer.body)) {
    if ((flags & endStreamFlag) === endStreamFlag) {
      const { error } = endStreamFromJson(data);
      if (error !== undefined) throw error;
      return;
    }
    yield messageOf(data, method);
  }
  throw new ConnectError("the stream of the upstream broke off", Code.Unavailable);
}

/** @throws ConnectError: what the upstream gets wrong is no fault of ours */
function messageOf(bytes: Uint8Array, method: DescMethod): Message {
  try {
    return fromBinary(method.output, bytes);
  } catch {
    const problem = `sent what is no ${method.output.typeName}`;
    throw toRefusal({ kind: "upstream_invalid", upstream: method.parent.typeName, problem }).error;
  }
}

function failed(answer: Response, error: ConnectError): Response {
  const { status, body } = statusJson(error, details);
  return restResponse(JSON.stringify(body), "application/json", answer, status);
}

async function bytesOf(answer: Response): Promise<Uint8Array> {
  return new Uint8Array(await answer.arrayBuffer());
}

/** The error in the body of a Connect answer; where there is none, what the HTTP status stands for. */
function errorOf(body: Uint8Array, status: number): ConnectError {
  const fallback = new ConnectError(`upstream answered with status ${status}`, codeFromHttpStatus(status));
  try {
    return errorFromJsonBytes(body, undefined, fallback);
  } catch (error) {
    return ConnectError.from(error);
  }
}

function restResponse(body: BodyInit, contentType: string, answer: Response, status = 200): Response {
  const headers = new Headers(answer.headers);
  for (const name of ["content-length", "content-encoding", "connect-content-encoding", "connect-accept-encoding"]) headers.delete(name);
  headers.set("content-type", contentType);
  return new Response(body, { status, headers });
}
