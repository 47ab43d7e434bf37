// The writes of callers and their answers, and what the service must have of them at the end.
import type { Running } from "../../../bench/workerd.ts";

interface Written {
  readonly acknowledged: number; // number of the latest update that was acknowledged
  readonly attempted: number; // number of the latest update that was sent
}

const nameOf = (number: number): string => `n${number}`;

export class Ledger {
  readonly #users = new Map<string, Written>(); // keys are ids
  creations = 0; // sent, acknowledged or not

  get size(): number {
    return this.#users.size;
  }

  created(id: string): void {
    this.#users.set(id, { acknowledged: 0, attempted: 0 });
  }

  /** @returns the display name of the next update */
  startUpdate(id: string): { readonly number: number; readonly name: string } {
    const { acknowledged, attempted } = this.#users.get(id)!;
    this.#users.set(id, { acknowledged, attempted: attempted + 1 });
    return { number: attempted + 1, name: nameOf(attempted + 1) };
  }

  updated(id: string, number: number): void {
    const { acknowledged, attempted } = this.#users.get(id)!;
    this.#users.set(id, { acknowledged: Math.max(acknowledged, number), attempted });
  }

  /** Reads every user from the service itself. @returns what is missing, or older than what was acknowledged */
  async lost({ origin }: Running): Promise<string[]> {
    const problems: string[] = [];
    for (const [id, { acknowledged, attempted }] of this.#users) {
      const response = await fetch(`${origin}/users.v1.UserService/GetUser`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ id }),
      });
      const text = await response.text();
      if (response.status !== 200) problems.push(`user ${id} is lost: ${response.status} ${text.slice(0, 100)}`);
      else {
        const number = Number((JSON.parse(text) as { displayName: string }).displayName.slice(1));
        if (number < acknowledged || number > attempted) problems.push(`user ${id} has update ${number}; ${acknowledged} is acknowledged`);
      }
    }
    return problems;
  }
}
