// Calls of the gateway's admin services over the Connect protocol, in the binary format.
import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { asCallError, CallError, callErrorOf } from "./call-error.ts";
import { enveloped, envelopes, MAX_MESSAGE_BYTES } from "./envelopes.ts";
import { session } from "./session.ts";

const UNARY_TIMEOUT_MS = 15_000;

/**
 * Makes one call.
 *
 * @throws CallError
 */
export async function call<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  input: MessageInitShape<I>,
  signal?: AbortSignal,
): Promise<MessageShape<O>> {
  try {
    const timeout = AbortSignal.timeout(UNARY_TIMEOUT_MS);
    const body = toBinary(method.input, create(method.input, input)) as Uint8Array<ArrayBuffer>;
    const response = await send(method, "application/proto", body, signal === undefined ? timeout : AbortSignal.any([timeout, signal]));
    if (!response.ok) throw callErrorOf(await jsonOf(response), response.status);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length > MAX_MESSAGE_BYTES) throw new CallError("resource_exhausted", `the response has ${bytes.length} bytes`);
    return fromBinary(method.output, bytes);
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "TimeoutError")
      throw new CallError("deadline_exceeded", `no response within ${UNARY_TIMEOUT_MS / 1000} s`);
    throw asCallError(thrown);
  }
}

/**
 * Messages of a stream until it ends.
 *
 * @param signal ends the call
 * @throws CallError
 */
export async function* watch<I extends DescMessage, O extends DescMessage>(
  method: DescMethodServerStreaming<I, O>,
  input: MessageInitShape<I>,
  signal: AbortSignal,
): AsyncGenerator<MessageShape<O>> {
  try {
    const body = enveloped(toBinary(method.input, create(method.input, input)));
    const response = await send(method, "application/connect+proto", body, signal);
    if (!response.ok || response.body === null) throw callErrorOf(await jsonOf(response), response.status);
    for await (const { isEnd, bytes } of envelopes(response.body)) {
      if (!isEnd) {
        yield fromBinary(method.output, bytes);
        continue;
      }
      const { error } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly error?: unknown };
      if (error !== undefined) throw callErrorOf(error, response.status);
      return;
    }
    throw new CallError("unavailable", "the stream broke off");
  } catch (thrown) {
    throw asCallError(thrown);
  }
}

/** The credential stands in a header alone: not in the URL, and not in a cookie. */
function send(
  method: DescMethodUnary | DescMethodServerStreaming,
  contentType: string,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<Response> {
  const { secret } = session.get();
  const headers: Record<string, string> = { "content-type": contentType, "connect-protocol-version": "1" };
  if (secret !== "") headers["authorization"] = `Bearer ${secret}`;
  const url = `/${method.parent.typeName}/${method.name}`;
  // `same-origin`: the cookie of Cloudflare Access goes along, which is that of the platform.
  return fetch(url, { method: "POST", headers, body, signal, credentials: "same-origin", cache: "no-store", redirect: "error" });
}

async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}
