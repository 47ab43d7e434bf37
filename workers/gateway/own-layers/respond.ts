// The response of a team's own layer to a unary call: a message, in the form that its place in the pipeline has.
import { type DescMethod, fromJson, isMessage, type JsonValue, type Message, toBinary, toJsonString } from "@bufbuild/protobuf";
import { messageResponse } from "../protocol/message-response.ts";
import type { Protocol } from "../protocol/protocol.ts";
import { encodeResponse } from "../transcode/encode-response.ts";
import type { RestRoute } from "../transcode/rules/rules.ts";

/** The form in which a response is written at the place of a layer: the same before and after `next`. */
export interface ResponseForm {
  readonly protocol: Protocol;
  readonly contentType: string;
  readonly rest: RestRoute | undefined; // where the response is written as REST
}

/** @throws TypeError for a stream; an error of Protobuf-ES for a message that the method does not return */
export function respondWith(method: DescMethod, message: object, { protocol, contentType, rest }: ResponseForm): Response {
  const { output, methodKind, name } = method;
  if (methodKind !== "unary") throw new TypeError(`responds with a message to ${name}, which is a stream; refuse the call, or call next`);
  const whole = messageOf(method, message);
  if (rest !== undefined) {
    const { body, contentType: type } = encodeResponse(rest, whole);
    return new Response(body, { headers: { "Content-Type": type } });
  }
  const json = new TextEncoder().encode(toJsonString(output, whole));
  return messageResponse(protocol, contentType, { binary: toBinary(output, whole), json });
}

function messageOf({ name, output }: DescMethod, message: object): Message {
  if (!isMessage(message)) return fromJson(output, message as JsonValue);
  if (message.$typeName === output.typeName) return message;
  throw new TypeError(`responds with a ${message.$typeName} to ${name}; respond with a ${output.typeName}`);
}
