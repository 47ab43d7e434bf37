// The error of work that is not taken.

/** `full`: a queue has reached its bound. `too_large`: an item alone exceeds it. `closed`: the pool takes no work any more. */
export type WorkRefusal = "full" | "too_large" | "closed";

/** Nothing was started: the caller may drop the work, do it itself, or refuse its own caller with `resource_exhausted`. */
export class WorkRefused extends Error {
  override readonly name = "WorkRefused";
  readonly reason: WorkRefusal;

  constructor(reason: WorkRefusal, message: string) {
    super(message);
    this.reason = reason;
  }
}
