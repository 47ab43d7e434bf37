// What a store returns instead of throwing: errors lose their class on the way between Workers, plain data does not.
import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { type OnceResult, onceResponse } from "../idempotency.ts";

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

/** What every creation can end with, beside its entity. */
export type Created = OnceResult | Refused<"full">;

/**
 * @param isField whether the key came in the field `request_id`: another request with it is `already_exists`, as it has always been
 * @returns the entity that was created; of a repeat that of the first call, with the header `idempotency-replayed`
 * @throws ConnectError
 */
export function createdEntity<D extends DescMessage>(
  schema: D,
  result: Created,
  isField: boolean,
  context: Pick<HandlerContext, "responseHeader">,
): MessageShape<D> {
  if (result.kind === "full") throw new ConnectError("storage is full", Code.ResourceExhausted);
  if (result.kind === "key_reused" && isField)
    throw new ConnectError("request id was used before, for a request that differs", Code.AlreadyExists);
  return fromBinary(schema, onceResponse(result, context));
}

export function notFound(kind: string, id: string): ConnectError {
  return new ConnectError(`there is no ${kind} ${id}`, Code.NotFound);
}
