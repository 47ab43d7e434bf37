// What a store returns instead of throwing: errors lose their class on the way between Workers, plain data does not.
import { Code, ConnectError } from "@connectrpc/connect";

export interface Done<Entity> {
  readonly kind: "done";
  readonly entity: Entity;
}

export interface Refused<Kind extends string> {
  readonly kind: Kind;
}

/**
 * @param errors the error of each refusal: a new kind fails to compile until it has one
 * @returns the entity
 * @throws the error of the refusal
 */
export function entityOrThrow<Entity, Kind extends string>(
  result: Done<Entity> | Refused<Kind>,
  errors: Readonly<Record<Exclude<Kind, "done">, () => ConnectError>>,
): Entity {
  if ("entity" in result) return result.entity;
  throw errors[result.kind as Exclude<Kind, "done">](); // only `done` has an entity
}

/** The errors that every creation can end with. */
export const CREATE_ERRORS = {
  key_reused: () => new ConnectError("request id was used before, for a request that differs", Code.AlreadyExists),
  full: () => new ConnectError("storage is full", Code.ResourceExhausted),
} as const;

export function notFound(kind: string, id: string): ConnectError {
  return new ConnectError(`there is no ${kind} ${id}`, Code.NotFound);
}
