// Messages, fields and enums as JSON Schema. Each message and enum that is used becomes a component of the document.
import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { FieldBehavior, field_behavior } from "../../../../protos/gen/google/api/field_behavior_pb.ts";
import { commentOf, exampleOf, schemaIn } from "./comments.ts";
import { Titles } from "./titles.ts";
import { validationRulesOf } from "./validation-rules.ts";
import { keySchema, type Schema, scalarSchema, WELL_KNOWN } from "./values.ts";

/** `patch`: no field is required, because a PATCH sends only the fields that it changes; immutable fields are left out. */
export type SchemaForm = "whole" | "patch";

/** The schemas of one document. */
export class Schemas {
  readonly components = new Map<string, Schema>();
  readonly #titles = new Titles();

  ofMessage(message: DescMessage, form: SchemaForm = "whole"): Schema {
    const known = WELL_KNOWN[message.typeName];
    if (known !== undefined) return known;
    const name = form === "patch" ? `${message.typeName}.Patch` : message.typeName;
    if (!this.components.has(name)) {
      this.components.set(name, {}); // a message may contain itself
      this.components.set(name, this.#ofFields(message, new Set(), form, form === "patch" ? "Patch" : ""));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  /**
   * The schema of a message without some of its fields, which are sent elsewhere. It is inline, not a component.
   *
   * @param omitted proto names of top-level fields
   * @param suffix  end of the schema's title
   */
  ofMessageWithout(message: DescMessage, omitted: ReadonlySet<string>, suffix: string, form: SchemaForm = "whole"): Schema {
    if (omitted.size === 0 || WELL_KNOWN[message.typeName] !== undefined) return this.ofMessage(message, form);
    return this.#ofFields(message, omitted, form, suffix);
  }

  ofField(field: DescField, form: SchemaForm = "whole"): Schema {
    const { "x-items": items, ...rules } = { ...validationRulesOf(field).schema, ...schemaIn(field) };
    const shape = this.#ofShape(field, form);
    const isImmutable = behavesAs(field, FieldBehavior.IMMUTABLE);
    const example = exampleOf(field);
    const description = [commentOf(field), isImmutable ? "Cannot be changed after creation." : ""].filter(Boolean).join(" ");
    return {
      ...shape,
      ...defined(rules),
      ...(items === undefined ? {} : { items: { ...(shape["items"] as Schema), ...defined(items as Schema) } }),
      ...(description === "" ? {} : { description }),
      ...(example === undefined ? {} : { examples: [example] }),
      deprecated: field.deprecated || undefined,
      readOnly: behavesAs(field, FieldBehavior.OUTPUT_ONLY) || undefined,
      writeOnly: behavesAs(field, FieldBehavior.INPUT_ONLY) || undefined,
      "x-immutable": isImmutable || undefined,
      "x-oneof": field.oneof?.name,
    };
  }

  #ofFields(message: DescMessage, omitted: ReadonlySet<string>, form: SchemaForm, suffix: string): Schema {
    const isChangeable = (field: DescField) => form === "whole" || !behavesAs(field, FieldBehavior.IMMUTABLE);
    const fields = message.fields.filter((field) => !omitted.has(field.name) && isChangeable(field));
    const required = form === "patch" ? [] : fields.filter(isRequired).map(({ jsonName }) => jsonName);
    const oneofs = message.oneofs.map((oneof) => oneof.fields.filter((field) => fields.includes(field)));
    const choices = oneofs.filter((members) => members.length > 1).map(atMostOne);
    return {
      title: this.#titles.titleOf(message, suffix, `${suffix} without ${[...omitted].join()}`),
      type: "object",
      description: commentOf(message) || undefined,
      deprecated: message.deprecated || undefined,
      properties: Object.fromEntries(fields.map((field) => [field.jsonName, this.ofField(field, form)])),
      required: required.length > 0 ? required : undefined,
      allOf: choices.length > 0 ? choices : undefined,
      additionalProperties: message.proto.extensionRange.length > 0 ? undefined : false, // extensions have keys such as "[full.name]"
    };
  }

  #ofShape(field: DescField, form: SchemaForm): Schema {
    switch (field.fieldKind) {
      case "list":
        return { type: "array", items: this.#ofElement(field, "whole") }; // a PATCH replaces the whole list
      case "map":
        return { type: "object", propertyNames: keySchema(field.mapKey), additionalProperties: this.#ofElement(field, "whole") };
      default:
        return this.#ofElement(field, form);
    }
  }

  /** The field's type, or the type of one element for a list or map. */
  #ofElement(field: DescField, form: SchemaForm): Schema {
    if (field.message !== undefined) return this.ofMessage(field.message, form);
    return field.enum !== undefined ? this.#ofEnum(field.enum) : scalarSchema(field.scalar!);
  }

  #ofEnum(desc: DescEnum): Schema {
    if (desc.typeName === "google.protobuf.NullValue") return { type: "null" };
    if (!this.components.has(desc.typeName)) {
      this.components.set(desc.typeName, {
        title: this.#titles.titleOf(desc),
        type: "string",
        description: [commentOf(desc), valuesOf(desc)].filter(Boolean).join("\n\n") || undefined,
        deprecated: desc.deprecated || undefined,
        enum: desc.values.map(({ name }) => name),
      });
    }
    return { $ref: `#/components/schemas/${desc.typeName}` };
  }
}

/** A markdown list of the values that have a comment. */
function valuesOf(desc: DescEnum): string {
  const lines = desc.values.map((value) => {
    const text = [commentOf(value).replaceAll(/\s+/g, " "), value.deprecated ? "Deprecated." : ""].filter(Boolean).join(" ");
    return text === "" ? "" : `- \`${value.name}\`: ${text}`;
  });
  return lines.filter(Boolean).join("\n");
}

export function isRequired(field: DescField): boolean {
  if (field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED) return true;
  return behavesAs(field, FieldBehavior.REQUIRED) || validationRulesOf(field).isRequired;
}

export function behavesAs(field: DescField, behavior: FieldBehavior): boolean {
  return getOption(field, field_behavior).includes(behavior);
}

/** At most one member of a oneof is set. */
function atMostOne(members: readonly DescField[]): Schema {
  const set = members.map(({ jsonName }) => ({ required: [jsonName] }));
  return { oneOf: [...set, { not: { anyOf: set } }] };
}

function defined(schema: Schema): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}
