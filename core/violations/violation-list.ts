// What is wrong with a request: the first violations, cut to a bounded size, and the number of all. A request of one kilobyte can break
// half a million rules.
import { cutText, writeCount } from "./text.ts";

/** One invalid field of the request. @see google.rpc.BadRequest */
export interface FieldViolation {
  readonly field: string; // path of proto field names from the request message: `user.email`
  readonly description: string;
}

export const MAX_LISTED = 20;
/** Code units. The path of a field within maps grows with the keys that a caller chooses. */
export const MAX_FIELD_LENGTH = 128;
/** Code units. */
export const MAX_DESCRIPTION_LENGTH = 256;

export class ViolationList {
  readonly #listed: FieldViolation[] = [];
  #count = 0;
  #isComplete = true;

  /** At most `MAX_LISTED`, in the order in which they were found. */
  get listed(): readonly FieldViolation[] {
    return this.#listed;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether further violations are only counted, so that a check may end here. */
  get isFull(): boolean {
    return this.#count >= MAX_LISTED;
  }

  /** @param description called only where the violation is listed */
  add(field: string, description: string | (() => string)): void {
    this.#count += 1;
    if (this.#count > MAX_LISTED) return;
    const text = typeof description === "string" ? description : description();
    this.#listed.push({ field: cutText(field, MAX_FIELD_LENGTH), description: cutText(text, MAX_DESCRIPTION_LENGTH) });
  }

  /** The check has ended early: there may be more violations. */
  endEarly(): void {
    this.#isComplete = false;
  }

  /**
   * The first violation, and how many others there are. The others are in `listed`, which goes into the details of the error: nothing is
   * written twice.
   *
   * @param whole     subject of a violation that is of no single field, for example "body"
   * @param separator between a field and its description
   */
  describe(whole: string, separator = ": "): string {
    const [first] = this.#listed;
    if (first === undefined) return "";
    const { field, description } = first;
    const others = this.#count > 1 ? `, and ${writeCount(this.#count - 1)} more` : "";
    return `${field === "" ? whole : field}${separator}${description}${others}${this.#isComplete ? "" : ", and perhaps others"}`;
  }
}
