// The refusal of a request with invalid fields; it lists them.
import { type FieldViolation, Rejected } from "../../../../core/rejection.ts";

const MAX_LISTED = 20;

/** @param violations at least one; the first 20 are listed, the others only counted */
export function invalidRequest(violations: readonly FieldViolation[]): Rejected {
  const [{ field, description }] = violations as [FieldViolation];
  const others = violations.length > 1 ? `, and ${violations.length - 1} more` : "";
  const message = `${field === "" ? "body" : field} ${description}${others}`;
  return new Rejected({ kind: "invalid_request", message, violations: violations.slice(0, MAX_LISTED) });
}
