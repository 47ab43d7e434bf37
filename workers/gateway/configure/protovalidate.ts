// Validation by the rules of buf.validate. It adds 95 KiB compressed, so only the entry point validating.ts has it.
// Patterns are matched by RE2, in linear time: the time of a check grows only with the length of the message.
import type { DescMessage, Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import type { Validate } from "../../../core/validation.ts";

/** @see github.com/bufbuild/protovalidate */
export function protovalidate(): Validate<DescMessage, Message> {
  const validator = createValidator();
  return (desc, message) => {
    const result = validator.validate(desc, message);
    if (result.kind === "error") throw result.error;
    if (result.kind === "valid") return [];
    return result.violations.map(({ field, message: description }) => ({ field: pathToString(field), description }));
  };
}
