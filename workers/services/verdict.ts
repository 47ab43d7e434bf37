// What an object answers instead of throwing: errors lose their class on the way between Workers, plain data does not.
import { Code, ConnectError } from "@connectrpc/connect";

export interface Done<Entity> {
  readonly kind: "done";
  readonly entity: Entity;
}

export interface Refused<Kind extends string> {
  readonly kind: Kind;
}

/** What was done; or throws the error of the refusal. A new kind fails to compile until its error is given. */
export function settle<Entity, Kind extends string>(
  verdict: Done<Entity> | Refused<Kind>,
  errors: Readonly<Record<Exclude<Kind, "done">, () => ConnectError>>,
): Entity {
  if ("entity" in verdict) return verdict.entity;
  throw errors[verdict.kind as Exclude<Kind, "done">]();
}

/** The errors of creating anything. */
export const createErrors = {
  key_reused: () => new ConnectError("request id was used before, for a request that differs", Code.AlreadyExists),
  full: () => new ConnectError("storage is full", Code.ResourceExhausted),
} as const;

export function notFound(what: string, id: string): ConnectError {
  return new ConnectError(`there is no ${what} ${id}`, Code.NotFound);
}
