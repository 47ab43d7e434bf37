// The problems of a request, collected field by field and returned together.
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "../../protos/gen/google/rpc/error_details_pb.ts";
import { isId } from "./ids.ts";

interface Violation {
  readonly field: string; // proto path from the request message, `order.items[0].sku`
  readonly description: string;
}

export class Violations {
  readonly #all: Violation[] = [];

  add(field: string, description: string): void {
    this.#all.push({ field, description });
  }

  /** Adds a violation unless the condition holds. */
  require(condition: boolean, field: string, description: string): void {
    if (!condition) this.add(field, description);
  }

  requireId(prefix: string, field: string, text: string): void {
    this.require(isId(prefix, text), field, `write ${prefix}_ and the 26 characters that follow it`);
  }

  /** @throws ConnectError with every violation */
  throwIfAny(): void {
    if (this.#all.length > 0) throw violationError(Code.InvalidArgument, this.#all);
  }
}

/** @throws ConnectError for a text that cannot be an id of this kind, before the store is called */
export function requireId(prefix: string, field: string, text: string): void {
  const violations = new Violations();
  violations.requireId(prefix, field, text);
  violations.throwIfAny();
}

/** @returns an error that names the fields at fault, as google.rpc.BadRequest */
export function violationError(code: Code, violations: readonly Violation[]): ConnectError {
  const message = violations.map(({ field, description }) => `${field}: ${description}`).join("; ");
  return new ConnectError(message, code, undefined, [{ desc: BadRequestSchema, value: { fieldViolations: [...violations] } }]);
}

/** Length in code points, which is close to what a reader counts as characters. */
export function lengthOf(text: string): number {
  return [...text].length;
}
