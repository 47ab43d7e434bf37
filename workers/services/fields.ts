// The fields that a caller may write, from the proto (google.api.field_behavior), so that no list of names goes stale.
import {
  clearField,
  create,
  type DescField,
  type DescMessage,
  getOption,
  isFieldSet,
  type Message,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { FieldMask } from "@bufbuild/protobuf/wkt";
import { FieldBehavior, field_behavior } from "../../protos/gen/google/api/field_behavior_pb.ts";
import type { Violations } from "./violations.ts";

/** A copy of a caller's message, though not of what is in it, without the fields that a caller may not write. */
export function draftOf<D extends DescMessage>(schema: D, message: MessageShape<D>): MessageShape<D> {
  const draft = Object.assign(create(schema), message);
  for (const field of schema.fields) if (behaves(field, FieldBehavior.OUTPUT_ONLY)) clearField(draft, field);
  delete draft.$unknown;
  return draft;
}

/**
 * The fields that an update changes: those of the mask, or those that are set where there is no mask.
 * A path that names no field, or one that cannot be changed, is a violation of `update_mask`.
 */
export function fieldsToUpdate<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
  mask: FieldMask | undefined,
  violations: Violations,
): DescField[] {
  const updatable = schema.fields.filter((field) => !behaves(field, FieldBehavior.OUTPUT_ONLY) && !behaves(field, FieldBehavior.IMMUTABLE));
  if (mask === undefined || mask.paths.length === 0) return updatable.filter((field) => isFieldSet(message, field));
  const names = updatable.map(({ name }) => name).join(", ");
  for (const path of mask.paths) {
    violations.require(
      updatable.some(({ name }) => name === path),
      "update_mask",
      () => {
        const isField = schema.fields.some(({ name }) => name === path);
        const problem = isField ? `${path} can't be changed` : `there is no field "${path.slice(0, 64)}"`;
        return `${problem}, choose from ${names}`;
      },
    );
  }
  return updatable.filter(({ name }) => mask.paths.includes(name));
}

/** The check of each field, by its name in TypeScript. */
export type FieldRules<Entity> = { readonly [Name in keyof Entity]?: (value: Entity[Name], path: string, violations: Violations) => void };

/** @param path proto path of the message in its request, `user` */
export function check<Entity extends Message>(
  rules: FieldRules<Entity>,
  fields: readonly DescField[],
  message: Entity,
  path: string,
  violations: Violations,
): void {
  const byName = rules as Readonly<Record<string, (value: unknown, path: string, violations: Violations) => void>>;
  const values = message as unknown as Readonly<Record<string, unknown>>;
  for (const { localName, name } of fields) byName[localName]?.(values[localName], `${path}.${name}`, violations);
}

/** The chosen fields of a message, by their names in TypeScript. */
export function pick<Entity extends Message>(message: Entity, fields: readonly DescField[]): Partial<Entity> {
  const names = new Set(fields.map(({ localName }) => localName));
  return Object.fromEntries(Object.entries(message).filter(([name]) => names.has(name))) as Partial<Entity>;
}

function behaves(field: DescField, behavior: FieldBehavior): boolean {
  return getOption(field, field_behavior).includes(behavior);
}
