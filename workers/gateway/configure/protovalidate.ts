// Validation by the rules of buf.validate, for gateways that want it: +95 KiB compressed, so the plain entry goes without.
// Patterns are matched by RE2, in linear time: no rule in a proto can make a call cost more than its length.
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
