// Reads the field of the message by which the call's endpoint is chosen. A message that can't be read, or has none, goes by what comes next.
import type { DescMethod } from "@bufbuild/protobuf";
import type { Layer } from "../call.ts";
import { decodeMessage } from "../protocol/message.ts";
import { fieldOf, said } from "../rate-limit/caller.ts";

/** @param maxBytes of the message, uncompressed */
export function hashOnField(method: DescMethod, field: string, maxBytes: number): Layer {
  return (next) => async (call) => {
    const message = await decodeMessage(call, method, maxBytes);
    const text = said(fieldOf(message as Readonly<Record<string, unknown>> | undefined, field));
    return next(text === undefined ? call : { ...call, hashText: text });
  };
}
