// The query parameters of a route: every field that is in neither path nor body; fields of inner messages by their path.
import type { DescMessage } from "@bufbuild/protobuf";
import { FieldBehavior } from "../../../protos/gen/google/api/field_behavior_pb.ts";
import { urlValueFormOf } from "../transcode/json/url-values.ts";
import type { MessageField } from "../transcode/rules/fields.ts";
import type { RestRoute } from "../transcode/rules/rules.ts";
import { bare, jsonPath } from "./paths.ts";
import { behavesAs, isRequired, type Schemas } from "./schemas/schemas.ts";
import type { Schema } from "./schemas/values.ts";

export function queryParameters({ method, body, variables, updateMask }: RestRoute, schemas: Schemas): Schema[] {
  if (body !== undefined && body.field === undefined) return []; // the body is the whole message
  const inPath = new Set(variables.map(({ text }) => text));
  const parameters: Schema[] = [];

  const walk = (message: DescMessage, parents: readonly MessageField[]): void => {
    for (const field of message.fields) {
      const text = [...parents, field].map(({ name }) => name).join(".");
      if (inPath.has(text) || field === body?.field || behavesAs(field, FieldBehavior.OUTPUT_ONLY)) continue;
      if (field === updateMask) continue; // the gateway infers the mask; one that does not match the body would be refused
      if (urlValueFormOf(field) !== undefined) {
        const schema = schemas.ofField(field);
        const { description, deprecated } = schema;
        const oneof = field.oneof === undefined ? "" : `At most one of \`${field.oneof.name}\`.`;
        parameters.push({
          name: jsonPath({ parents, field }),
          in: "query",
          description: [description, oneof].filter(Boolean).join(" ") || undefined,
          required: [...parents, field].every(isRequired) || undefined,
          deprecated,
          schema: bare(schema),
        });
      } else if (field.fieldKind === "message" && !containsItself(field, message, parents) && !isOpaque(field.message)) {
        walk(field.message, [...parents, field]);
      }
    }
  };
  walk(method.input, []);
  return parameters;
}

/** Whether the parameters of a message would have no end, because it contains itself. */
function containsItself(field: MessageField, owner: DescMessage, parents: readonly MessageField[]): boolean {
  return field.message === owner || parents.some((parent) => parent.message === field.message || parent.parent === field.message);
}

function isOpaque({ typeName }: DescMessage): boolean {
  return typeName.startsWith("google.protobuf.");
}
