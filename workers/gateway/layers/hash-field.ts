// Reads the field of the message by which the endpoint is chosen. Where the message cannot be decoded, or lacks the field, the next source
// of the configuration decides.
import { type Layer, needsWholeBody } from "../call/layer.ts";
import type { MethodTraits } from "../call/method-traits.ts";
import { fieldAt, fieldsOf, textOf } from "../rate-limit/bucket-choice.ts";

/** @param field path of the field, as `user.id`; undefined where endpoints are chosen by something else */
export function hashOnField({ isRequestStream }: MethodTraits, field: string | undefined): Layer | undefined {
  if (field === undefined || isRequestStream) return undefined;
  return needsWholeBody((next) => (call) => {
    call.hashText = textOf(fieldAt(fieldsOf(call.message()), field));
    return next(call);
  });
}
