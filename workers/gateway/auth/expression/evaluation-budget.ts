// What one evaluation may cost: it is charged while it runs, so that no message and no header makes it long.

import { type CelValue, isCelList, isCelMap, isCelUint } from "@bufbuild/cel";
import { isMessage } from "@bufbuild/protobuf";

/** Units of one evaluation: about 25 to 50 ns each. */
export const MAX_UNITS = 20_000;
/** Most items of a collection, and entries of a map. */
export const MAX_ITEMS = 1_000;
/** Characters that are compared for one unit. */
const CHARACTERS = 64;
const MAX_DEPTH = 32;

/** One evaluation is over before the next one begins, so an isolate needs one of these per expression. */
export class EvaluationBudget {
  #units = 0;
  #isSpent = false;

  start(): void {
    this.#units = MAX_UNITS;
    this.#isSpent = false;
  }

  /** Whether it was spent: what came out then is not a result, although an operator may have left the error out. */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  /** @throws Error where the evaluation has cost enough */
  take(units: number): void {
    this.#units -= units;
    if (this.#units >= 0) return;
    this.#isSpent = true;
    throw new Error("the evaluation costs too much");
  }

  /** Charges for a value that a function reads whole. */
  charge(value: CelValue): void {
    this.#walk(value, 1 / CHARACTERS, 0);
  }

  /** Charges for a value that a pattern reads, character by character. */
  chargeText(value: CelValue): void {
    this.#walk(value, 2, 0);
  }

  /** Charges for an operand of `+`: lists are copied, item by item, and not looked into. */
  chargeOperand(value: CelValue): void {
    if (isCelList(value)) this.chargeItems(value);
    else this.charge(value);
  }

  /** Charges for the items of a collection, which are listed before the first one is looked at. */
  chargeItems(value: CelValue): void {
    const size = isCelList(value) || isCelMap(value) ? value.size : 0;
    this.take(size > MAX_ITEMS ? Number.POSITIVE_INFINITY : 1 + size / 4);
  }

  #walk(value: unknown, perCharacter: number, depth: number): void {
    this.#enter(value, perCharacter, depth);
    if (typeof value !== "object" || value === null || isCelUint(value)) return;
    if (isCelList(value)) {
      this.chargeItems(value);
      for (const item of value) this.#walk(item, perCharacter, depth + 1);
    } else if (isCelMap(value)) {
      this.chargeItems(value);
      for (const [key, item] of value) {
        this.#walk(key, perCharacter, depth + 1);
        this.#walk(item, perCharacter, depth + 1);
      }
    } else if ("message" in value && isMessage(value.message)) this.#walkMessage(value.message, perCharacter, depth);
  }

  /** A message is compared field by field, at any depth; its own properties are walked, without a list of its fields. */
  #walkMessage(value: unknown, perCharacter: number, depth: number): void {
    this.#enter(value, perCharacter, depth);
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
    for (const name in value) this.#walkMessage((value as Record<string, unknown>)[name], perCharacter, depth + 1);
  }

  #enter(value: unknown, perCharacter: number, depth: number): void {
    this.take(depth > MAX_DEPTH ? Number.POSITIVE_INFINITY : 1);
    if (typeof value === "string" || value instanceof Uint8Array) this.take(value.length * perCharacter);
  }
}
