// The response of a unary call as bytes: its message or its final error, with the headers and trailers that the method has set.
import { type DescMessage, fromBinary, type JsonValue, type Message, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { errorFromJson, errorToJson } from "@connectrpc/connect/protocol-connect";
import { isFinal } from "../../../core/idempotency/final-codes.ts";

type Fields = readonly (readonly [name: string, value: string])[];

/** What stands before the message, as JSON. */
interface Head {
  readonly headers: Fields;
  readonly trailers: Fields;
  readonly error?: JsonValue;
  readonly metadata?: Fields; // metadata of the error
}

type Written = Pick<HandlerContext, "responseHeader" | "responseTrailer">;

const LENGTH_BYTES = 4; // the length of the head comes first, big endian
/** Fields that the host writes for the protocol of each call: a repeat may speak another one. */
const OF_PROTOCOL = /^(?:content-|connect-|grpc-)/;

/** @param context of the call, after the method has returned @returns the bytes of its response */
export function encodeMessage(schema: DescMessage, message: Message, context: Written): Uint8Array<ArrayBuffer> {
  return joined(headOf(context), toBinary(schema, message));
}

/** @returns the bytes of an error; undefined where it is not final: a repeat runs again */
export function encodeError(reason: unknown, context: Written): Uint8Array<ArrayBuffer> | undefined {
  if (!(reason instanceof ConnectError) || !isFinal(reason.code)) return undefined;
  // The metadata of an error that came from another service are the headers of that response.
  const metadata = reason.isWireError ? [] : fieldsOf(reason.metadata);
  return joined({ ...headOf(context), error: errorToJson(reason, undefined), metadata }, new Uint8Array());
}

/**
 * @param context gets the headers and trailers of the response
 * @returns its message
 * @throws ConnectError where the response is an error
 */
export function decodeResponse(schema: DescMessage, bytes: Uint8Array, context: Written): Message {
  const end = LENGTH_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const head: Head = JSON.parse(new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, end)));
  for (const [name, value] of head.headers) context.responseHeader.append(name, value);
  for (const [name, value] of head.trailers) context.responseTrailer.append(name, value);
  if (head.error === undefined) return fromBinary(schema, bytes.subarray(end));
  const error = errorFromJson(head.error, undefined, new ConnectError("recorded error can't be read", Code.Internal));
  error.isWireError = false; // the host writes the metadata of its own errors only
  for (const [name, value] of head.metadata ?? []) error.metadata.append(name, value);
  throw error;
}

function headOf({ responseHeader, responseTrailer }: Written): Head {
  return { headers: fieldsOf(responseHeader), trailers: fieldsOf(responseTrailer) };
}

function fieldsOf(headers: Headers): Fields {
  return [...headers].filter(([name]) => !OF_PROTOCOL.test(name));
}

function joined(head: Head, message: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const bytes = new Uint8Array(LENGTH_BYTES + text.byteLength + message.byteLength);
  new DataView(bytes.buffer).setUint32(0, text.byteLength);
  bytes.set(text, LENGTH_BYTES);
  bytes.set(message, LENGTH_BYTES + text.byteLength);
  return bytes;
}
