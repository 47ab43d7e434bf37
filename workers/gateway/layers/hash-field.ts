// Reads the field of the message by which the call's endpoint is chosen. A message that can't be read, or has none, goes by what comes next.
import { type Layer, needsWholeBody } from "../call/layer.ts";
import { fieldAt, fieldsOf, textOf } from "../rate-limit/bucket-choice.ts";

/** @param field path of the field, as `user.id` */
export function hashOnField(field: string): Layer {
  return needsWholeBody((next) => (call) => {
    call.hashText = textOf(fieldAt(fieldsOf(call.message()), field));
    return next(call);
  });
}
