// Whether an upstream has enough to do without calls that are made twice: some of its last calls went wrong, or more than usual are under way.
import { type AttemptPermit, Load } from "../balance/load.ts";

const RECENT = 200; // calls, fading
const WRONG = 0.01; // of them
const MORE_THAN_USUAL = 2; // times
const AND_MORE = 4; // calls

export class HedgeGuard {
  readonly #load = new Load();
  #wrong = 0; // share of the recent calls
  #usual = 0; // calls under way, in the mean over the recent ones

  /** A call goes out. @param deadlineAt epoch ms; one that never ends counts until then */
  begin(now: number, deadlineAt: number): AttemptPermit {
    const permit = this.#load.begin(now, deadlineAt);
    this.#usual += (this.#load.inFlight(now) - this.#usual) / RECENT;
    return permit;
  }

  /** @param wentWrong failed, or was refused; undefined where nobody waited for it. Bounces don't count: they tell of unlike endpoints, at any load */
  end(permit: AttemptPermit, wentWrong: boolean | undefined): void {
    this.#load.drop(permit);
    if (wentWrong !== undefined) this.#wrong += (Number(wentWrong) - this.#wrong) / RECENT;
  }

  isBusy(now: number): boolean {
    return this.#wrong > WRONG || this.#load.inFlight(now) > MORE_THAN_USUAL * this.#usual + AND_MORE;
  }
}
