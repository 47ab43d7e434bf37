// Infers the update mask of a PATCH from the fields of its body, like grpc-gateway.
import type { DescMessage, JsonValue } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { type FieldMask, FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { fieldNamed } from "./fields.ts";
import type { RestRoute } from "./rule.ts";

/** Sets the mask of a request if the route infers one and the caller has sent none. */
export function inferUpdateMask({ body, updateMask }: RestRoute, target: ReflectMessage, json: JsonValue): void {
  const inside = body?.field?.message;
  if (updateMask === undefined || inside === undefined) return;
  const given = (target.get(updateMask) as ReflectMessage).message as FieldMask;
  if (given.paths.length > 0) return;
  const paths = pathsOf(inside, json);
  if (paths.length > 0) target.set(updateMask, reflect(FieldMaskSchema, create(FieldMaskSchema, { paths })));
}

/** The field paths in a JSON value. Lists, maps, well-known types and empty objects count as one path. */
function pathsOf(message: DescMessage, json: JsonValue, prefix = ""): string[] {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return [];
  return Object.entries(json).flatMap(([key, value]) => {
    const field = fieldNamed(message, key);
    if (field === undefined) return []; // an unknown field that is ignored
    const path = prefix + field.name;
    const isOpen = field.fieldKind === "message" && !field.message.typeName.startsWith("google.protobuf.");
    const inner = isOpen ? pathsOf(field.message, value, `${path}.`) : [];
    return inner.length > 0 ? inner : [path];
  });
}
