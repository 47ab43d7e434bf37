// The contract of a validator: it checks a message against the protovalidate rules of its proto.
import type { ViolationList } from "./violations/violation-list.ts";

/**
 * Checks a message against the rules of its proto.
 *
 * @returns the violations; undefined for a valid message
 * @throws UnevaluatedRule where a rule cannot be evaluated for this message; Error where one cannot be compiled
 */
export type Validate<Desc = unknown, Message = unknown> = (desc: Desc, message: Message) => ViolationList | undefined;

/** A rule fails for a message instead of deciding about it: it divides by a field that is 0, for example. */
export class UnevaluatedRule extends Error {}
