// A request that does not fit its message, told field by field.
import { type FieldViolation, Rejected } from "../../../../core/rejection.ts";

const MOST_TOLD = 20;

/** @param violations at least one; those past the twentieth are only counted */
export function invalidRequest(violations: readonly FieldViolation[]): Rejected {
  const [{ field, description }] = violations as [FieldViolation];
  const others = violations.length > 1 ? `, and ${violations.length - 1} more` : "";
  const message = `${field === "" ? "body" : field} ${description}${others}`;
  return new Rejected({ kind: "invalid_request", message, violations: violations.slice(0, MOST_TOLD) });
}
