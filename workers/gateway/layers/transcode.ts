// REST at the door, Connect behind it: the request becomes the method's message, the answer becomes JSON again.
import type { Registry } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { codeFromHttpStatus, errorFromJsonBytes } from "@connectrpc/connect/protocol-connect";
import { assert } from "../../../core/assert.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { Call, Layer } from "../call.ts";
import { BROKE_OFF, TOO_LATE, toRefusal } from "../errors.ts";
import { mediaType } from "../protocol.ts";
import { encodeRequest } from "../transcode/encode.ts";
import { envelopesOf, messageOf, messagesOf } from "../transcode/envelopes.ts";
import { decodeRequest } from "../transcode/request.ts";
import { decodeRequestStream } from "../transcode/request-stream.ts";
import { encodeResponse } from "../transcode/response.ts";
import type { RestRoute } from "../transcode/rules.ts";
import { statusJson } from "../transcode/status.ts";
import { encodeStream } from "../transcode/stream.ts";

/**
 * @param maxBytes largest message of a stream of requests; one that comes alone has been held to it already
 * @param types    types in which details of errors are written out
 */
export function transcode(route: RestRoute, maxBytes: number, types: Registry): Layer {
  const { method } = route;
  const isUnary = method.methodKind === "unary";
  const isRequestStream = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  const contentType = isUnary ? "application/proto" : "application/connect+proto";
  const path = `/${method.parent.typeName}/${method.name}`;

  return (next) => async (call) => {
    const { headers, query, body: sent } = call.outgoing;
    const accept = headers.get("accept");
    let broken: unknown; // what the caller got wrong in a stream of requests, found out when the call was on its way already
    const onError = (error: unknown): void => {
      broken = error;
    };
    const body = isRequestStream
      ? envelopesOf(
          decodeRequestStream(route, call.variables, query, headers.get("content-type"), linesOf(sent), maxBytes),
          method,
          onError,
        )
      : oneMessage(route, call, isUnary);
    describeAs(contentType, headers);

    const answer = await next({ ...call, outgoing: { method: "POST", path, query: "", headers, body } }).catch((error: unknown) => {
      throw broken ?? error;
    });
    if (answer.status !== 200 || mediaType(answer.headers.get("content-type")) !== contentType) {
      return failed(answer, errorOf(await bytesOf(answer), answer.status), types);
    }
    const whyBroken = (error: unknown): ConnectError => {
      const stopped = call.signal?.aborted === true ? TOO_LATE : BROKE_OFF;
      const why = broken ?? error;
      return toRefusal(why instanceof Rejected ? why.rejection : stopped).error;
    };
    try {
      if (isUnary) return restResponse(encodeResponse(route, messageOf(await bytesOf(answer), method)), answer);
      const messages = messagesOf(answer.body ?? new Blob([]).stream(), method, whyBroken);
      return restResponse(await encodeStream(route, messages, accept, types), answer);
    } catch (error) {
      if (error instanceof ConnectError) return failed(answer, error, types);
      throw error;
    }
  };
}

function oneMessage(route: RestRoute, { variables, outgoing }: Call, isUnary: boolean): Uint8Array<ArrayBuffer> {
  const { query, headers, body } = outgoing;
  assert(!(body instanceof ReadableStream), "the body of a REST call is read whole before it is transcoded");
  const message = encodeRequest(route.method.input, decodeRequest(route, variables, query, headers.get("content-type"), body));
  return isUnary ? message : (encodeEnvelope(0, message) as Uint8Array<ArrayBuffer>);
}

function linesOf(body: Call["outgoing"]["body"]): ReadableStream<Uint8Array> {
  return body instanceof ReadableStream ? body : new Blob([body ?? ""]).stream();
}

/** From here on the call is a Connect one, and nothing may speak of the REST body. */
function describeAs(contentType: string, headers: Headers): void {
  for (const name of ["content-length", "content-encoding", "accept"]) headers.delete(name);
  headers.set("content-type", contentType);
  headers.set("accept-encoding", "identity");
  headers.set("connect-protocol-version", "1");
}

function failed(answer: Response, error: ConnectError, types: Registry): Response {
  const { status, body } = statusJson(error, types);
  return restResponse({ body: JSON.stringify(body), contentType: "application/json" }, answer, status);
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

function restResponse({ body, contentType }: { body: BodyInit; contentType: string }, answer: Response, status = 200): Response {
  const headers = new Headers(answer.headers);
  for (const name of ["content-length", "content-encoding", "connect-content-encoding", "connect-accept-encoding"]) headers.delete(name);
  headers.set("content-type", contentType);
  return new Response(body, { status, headers });
}
