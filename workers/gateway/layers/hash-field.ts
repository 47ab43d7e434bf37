// Reads the field of the message by which the call's endpoint is chosen. A message that can't be read, or has none, goes by what comes next.
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
