// The log's word on calls that are shed: a line a second for each place, with how many there were, as whoever sheds has no time to write.

const EVERY_MS = 1_000;

export interface Shed {
  readonly point: string; // who sheds: `isolate`, `route users.v1.UserService/GetUser`, `upstream USERS`, `throttle USERS`
  readonly why: string;
  readonly isEnforced: boolean;
}

/** One place. @returns what tells of a call that is shed there, or would be */
export function shedLog(): (shed: Shed, requestId: string | null, now: number) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  let untold = 0;
  return ({ point, why, isEnforced }, requestId, now) => {
    untold += 1;
    if (now - toldAt < EVERY_MS) return;
    console.warn(JSON.stringify({ level: "warn", requestId, shed: point, why, calls: untold, enforced: isEnforced }));
    toldAt = now;
    untold = 0;
  };
}

/** Not the same for all, or they would come back together. */
export function retryAfterMs(): number {
  return 1_000 + Math.floor(Math.random() * 2_000);
}
