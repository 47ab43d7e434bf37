// The contract of a validator: it checks a message against the protovalidate rules of its proto.
import type { FieldViolation } from "./rejection.ts";

/**
 * Checks a message against the rules of its proto.
 *
 * @returns the violations, one per field; empty for a valid message
 * @throws Error where a rule cannot be compiled
 */
export type Validate<Desc = unknown, Message = unknown> = (desc: Desc, message: Message) => readonly FieldViolation[];
