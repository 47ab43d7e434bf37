/** One invalid field of the request. @see google.rpc.BadRequest */
interface FieldViolation {
  readonly field: string;
  readonly description: string;
}
declare class ViolationList {
  #private;
  /** At most `MAX_LISTED`, in the order in which they were found. */
  get listed(): readonly FieldViolation[];
  get count(): number;
  /** Whether further violations are only counted, so that a check may end here. */
  get isFull(): boolean;
  /** @param description called only where the violation is listed */
  add(field: string, description: string | (() => string)): void;
  /** The check has ended early: there may be more violations. */
  endEarly(): void;
  /**
   * The first violation, and how many others there are. The others are in `listed`, which goes into the details of the error: nothing is
   * written twice.
   *
   * @param whole     subject of a violation that is of no single field, for example "body"
   * @param separator between a field and its description
   */
  describe(whole: string, separator?: string): string;
}
export { ViolationList as t };