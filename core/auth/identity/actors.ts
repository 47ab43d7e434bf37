// The Workers through which a call has come on behalf of its caller: the claim `act` of an identity.
// @see RFC 8693, section 4.1

/** The Worker that makes the call now, and within it the ones that made the calls before. Only the outermost one is proven. */
export interface Actor {
  readonly sub: string; // name of the Worker, at most MAX_NAME characters
  readonly act?: Actor;
}

/** Workers that an identity names. Older ones are left out. */
export const MAX_ACTORS = 16;
const MAX_NAME = 256;

/** @param names the latest first @returns undefined for none */
export function actorOf(names: readonly string[]): Actor | undefined {
  return names
    .slice(0, MAX_ACTORS)
    .reduceRight<Actor | undefined>((inner, sub) => (inner === undefined ? { sub } : { sub, act: inner }), undefined);
}

/** The names, the latest first. @param actor one that `isActor` has checked */
export function actorNames(actor: Actor | undefined): readonly string[] {
  const names: string[] = [];
  for (let next = actor; next !== undefined; next = next.act) names.push(next.sub);
  return names;
}

/** Whether a parsed JSON value is an actor of at most `MAX_ACTORS` names, without other members. */
export function isActor(value: unknown): value is Actor {
  let next = value;
  for (let depth = 0; depth < MAX_ACTORS; depth++) {
    if (typeof next !== "object" || next === null || Array.isArray(next)) return false;
    const { sub, act, ...others } = next as { readonly sub?: unknown; readonly act?: unknown };
    if (!isWorkerName(sub) || Object.keys(others).length > 0) return false;
    if (act === undefined) return true;
    next = act;
  }
  return false;
}

/** Whether a text can be the name of a Worker or gateway: 1 to 256 characters. */
export function isWorkerName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= MAX_NAME;
}
