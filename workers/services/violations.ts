// The problems of a request, collected field by field and returned together.
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "../../protos/gen/google/rpc/error_details_pb.ts";
import { ViolationList } from "../service.ts";
import { isId } from "./ids.ts";

/** The first violations are listed, the others only counted. Fields are proto paths from the request message, `order.items[0].sku`. */
export class Violations {
  readonly #list = new ViolationList();

  add(field: string, description: string | (() => string)): void {
    this.#list.add(field, description);
  }

  /** Adds a violation unless the condition holds. */
  require(condition: boolean, field: string, description: string | (() => string)): void {
    if (!condition) this.add(field, description);
  }

  requireId(prefix: string, field: string, text: string): void {
    this.require(isId(prefix, text), field, `write ${prefix}_ and the 26 characters that follow it`);
  }

  /** @throws ConnectError `invalid_argument` with the violations */
  throwIfAny(): void {
    if (this.#list.count > 0) throw violationsError(Code.InvalidArgument, this.#list);
  }
}

/** @throws ConnectError for a text that cannot be an id of this kind, before the store is called */
export function requireId(prefix: string, field: string, text: string): void {
  const violations = new Violations();
  violations.requireId(prefix, field, text);
  violations.throwIfAny();
}

/** @returns an error that names the field at fault, as google.rpc.BadRequest */
export function violationError(code: Code, field: string, description: string): ConnectError {
  const list = new ViolationList();
  list.add(field, description);
  return violationsError(code, list);
}

function violationsError(code: Code, list: ViolationList): ConnectError {
  const detail = { desc: BadRequestSchema, value: { fieldViolations: [...list.listed] } };
  return new ConnectError(list.describe("request"), code, undefined, [detail]);
}

/** Whether a text has a number of code points in a range, which is close to what a reader counts as characters. */
export function hasLength(text: string, min: number, max: number): boolean {
  if (text.length > 2 * max) return false; // a code point has at most two code units; a long text is not counted
  const { length } = [...text];
  return length >= min && length <= max;
}
