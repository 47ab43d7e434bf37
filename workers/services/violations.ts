// What is wrong with a request: collected field by field, then told all at once.
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "../../protos/gen/google/rpc/error_details_pb.ts";
import { isId } from "./ulid.ts";

export class Violations {
  readonly #found: { readonly field: string; readonly description: string }[] = [];

  /** @param field proto path from the request message, `order.items[0].sku` */
  add(field: string, description: string): void {
    this.#found.push({ field, description });
  }

  unless(holds: boolean, field: string, description: string): void {
    if (!holds) this.add(field, description);
  }

  unlessId(prefix: string, field: string, text: string): void {
    this.unless(isId(prefix, text), field, `write ${prefix}_ and the 26 characters that follow it`);
  }

  /** Goes on only where nothing was found. */
  refuse(): void {
    if (this.#found.length > 0) throw violationError(Code.InvalidArgument, this.#found);
  }
}

/** Refuses what can't be an id of its kind before anybody looks for it. */
export function refuseUnlessId(prefix: string, field: string, text: string): void {
  const wrong = new Violations();
  wrong.unlessId(prefix, field, text);
  wrong.refuse();
}

/** An error that names the fields it is about, as google.rpc.BadRequest. */
export function violationError(code: Code, found: readonly { readonly field: string; readonly description: string }[]): ConnectError {
  const message = found.map(({ field, description }) => `${field}: ${description}`).join("; ");
  return new ConnectError(message, code, undefined, [{ desc: BadRequestSchema, value: { fieldViolations: [...found] } }]);
}

/** Characters as a reader counts them, near enough: code points. */
export function lengthOf(text: string): number {
  return [...text].length;
}
