// The refusal of a request with invalid fields; it lists them.
import { Rejected } from "../../../../core/rejection.ts";
import { ViolationList } from "../../../../core/violations/violation-list.ts";

/** @param violations at least one; the first ones are listed, the others only counted */
export function invalidRequest(violations: ViolationList): Rejected {
  return new Rejected({ kind: "invalid_request", message: violations.describe("body", " "), violations: violations.listed });
}

/** @param field path of proto field names; "" for the body */
export function invalidField(field: string, description: string): Rejected {
  const violations = new ViolationList();
  violations.add(field, description);
  return invalidRequest(violations);
}
