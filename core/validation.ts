// Rules that messages carry in their protos: how an operator has them held, and what a validator has to answer.
import type { FieldViolation } from "./rejection.ts";

/** `report` logs what is wrong and lets the call pass; `enforce` refuses it. */
export type ValidationMode = "off" | "report" | "enforce";

/**
 * Holds a message to the rules of its proto.
 *
 * @returns what is wrong, field by field; empty for a message that keeps every rule
 * @throws Error where a rule itself can't be compiled
 */
export type Validate<Desc = unknown, Message = unknown> = (desc: Desc, message: Message) => readonly FieldViolation[];
