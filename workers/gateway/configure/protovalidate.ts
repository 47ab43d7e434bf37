// Validation by the rules of buf.validate. It adds 95 KiB compressed, so only the entry point validating.ts has it.
// Patterns are matched by RE2, in linear time: the time of a check grows only with the length of the message.
//
// A message can break a rule a hundred thousand times. The check therefore stops at the first violation; only a small message is then
// checked once more, for all of them.
import type { DescMessage, Message } from "@bufbuild/protobuf";
import { type Path, pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator, RuntimeError, type Validator } from "@bufbuild/protovalidate";
import { UnevaluatedRule, type Validate } from "../../../core/validation.ts";
import { cutText } from "../../../core/violations/text.ts";
import { MAX_FIELD_LENGTH, ViolationList } from "../../../core/violations/violation-list.ts";

const SMALL_MESSAGE = 500; // values; each may break several rules

/** @see github.com/bufbuild/protovalidate */
export function protovalidate(): Validate<DescMessage, Message> {
  const first = createValidator({ failFast: true });
  const all = createValidator();
  return (desc, message) => {
    const found = violationsOf(first, desc, message);
    if (found === undefined) return undefined;
    if (countValues(message, SMALL_MESSAGE) <= SMALL_MESSAGE) return violationsOf(all, desc, message);
    found.endEarly();
    return found;
  };
}

/** @throws UnevaluatedRule where a rule fails for this message; Error where one cannot be compiled */
function violationsOf(validator: Validator, desc: DescMessage, message: Message): ViolationList | undefined {
  const result = validator.validate(desc, message);
  if (result.kind === "error") throw result.error instanceof RuntimeError ? new UnevaluatedRule(result.error.message) : result.error;
  if (result.kind === "valid") return undefined;
  const list = new ViolationList();
  for (const { field, message: description } of result.violations) {
    // A key of a map can be as long as the message.
    list.add(list.isFull ? "" : pathToString(field.map(withShortKey)), description);
  }
  return list;
}

function withShortKey(part: Path[number]): Path[number] {
  return part.kind === "map_sub" && typeof part.key === "string" ? { ...part, key: cutText(part.key, MAX_FIELD_LENGTH) } : part;
}

/** @returns the properties and items within a message, at any depth; counts no further than one above `max` */
function countValues(value: unknown, max: number): number {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return 0;
  let count = 0;
  for (const one of Object.values(value)) {
    count += 1 + countValues(one, max - count);
    if (count > max) break;
  }
  return count;
}
