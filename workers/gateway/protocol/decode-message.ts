// Decodes the one message of a request, for the layers that look into it, or says why it cannot be read.
import { type DescMethod, type DescService, fromBinary, fromJson, type JsonValue, type Message, type Registry } from "@bufbuild/protobuf";
import { isWellFormedProto } from "../../../core/elements/proto-form.ts";
import { Rejected, type Rejection } from "../../../core/rejection.ts";
import { messageShapeOf } from "../../service/limits/message-shape.ts";
import type { Outgoing } from "../call/outgoing.ts";
import type { MessageLimits } from "../call/route.ts";
import { invalidRequest } from "../transcode/json/invalid-request.ts";
import { normalizeJson } from "../transcode/json/normalize.ts";
import { parseJson } from "../transcode/json/parse-json.ts";
import { limitElements } from "../transcode/limit-elements.ts";
import { typesOf } from "../transcode/rules/rules.ts";
import { messageSourceOf } from "./message-source.ts";

/**
 * A message is only read where every upstream that reads it reads the same one. Each layer decides what a call without it is worth:
 * validation and invalidation refuse it with `rejection`, the others do without the message.
 */
export type DecodedMessage =
  | { readonly kind: "message"; readonly message: Message }
  | { readonly kind: "unreadable"; readonly rejection: Rejection };

const MAX_REASON = 200; // characters of a decoder's own message

/**
 * Needs the body whole.
 *
 * @param limits of the decompressed message
 * @throws Rejected for a message with too many elements, which no layer decodes
 */
export function decodeMessage(outgoing: Outgoing, method: DescMethod, limits: MessageLimits): DecodedMessage {
  try {
    const { bytes, isJson } = messageSourceOf(outgoing, limits);
    limitElements(method.input, bytes, !isJson, limits.maxMessageElements);
    return { kind: "message", message: isJson ? readJson(method, bytes) : readBinary(method, bytes) };
  } catch (error) {
    if (error instanceof Rejected && error.rejection.kind !== "too_many_elements")
      return { kind: "unreadable", rejection: error.rejection };
    throw error;
  }
}

function readBinary({ input }: DescMethod, bytes: Uint8Array): Message {
  if (!isWellFormedProto(bytes, messageShapeOf(input)))
    throw new Rejected({
      kind: "invalid_request",
      message: `body is no ${input.typeName}: a field is cut, or has another type on the wire`,
    });
  return orRefused(input.typeName, () => fromBinary(input, bytes));
}

const types = new WeakMap<DescService, Registry>();

/** A key that is no field is refused, as ProtoJSON wants it: an upstream that ignores case or knows more fields could read it as one. */
function readJson({ input, parent }: DescMethod, bytes: Uint8Array): Message {
  const registry = types.get(parent) ?? typesOf([parent]);
  types.set(parent, registry);
  const normalized = normalizeJson(input, parseJson(bytes), { registry, isForwarded: true });
  if (normalized.kind === "invalid") throw invalidRequest(normalized.violations);
  const { json } = normalized as { readonly json: JsonValue };
  return orRefused(input.typeName, () => fromJson(input, json, { registry }));
}

/** The decoder throws plain errors, all of them about the bytes. */
function orRefused(typeName: string, read: () => Message): Message {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, MAX_REASON) : String(error);
    throw new Rejected({ kind: "invalid_request", message: `body is no ${typeName}: ${reason}` });
  }
}
