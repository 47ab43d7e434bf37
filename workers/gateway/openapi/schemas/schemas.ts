// Messages, fields and enums as JSON Schema: each message and enum that is spoken of becomes a component.
import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { FieldBehavior, field_behavior } from "../../../../protos/gen/google/api/field_behavior_pb.ts";
import { commentOf, exampleOf, schemaIn } from "./comments.ts";
import { validationRulesOf } from "./validation-rules.ts";
import { keySchema, type Schema, scalarSchema, WELL_KNOWN } from "./values.ts";

/** `patch`: nothing is required, for a PATCH names what it changes; and what can't be changed is no part of it. */
export type SchemaForm = "whole" | "patch";

export interface Schemas {
  readonly components: ReadonlyMap<string, Schema>;
  ofMessage(message: DescMessage, form?: SchemaForm): Schema;
  /**
   * @param omitted fields at the top of the message that stand elsewhere, by their proto names
   * @param name    of this form of the message, for its title
   */
  ofMessageWithout(message: DescMessage, omitted: ReadonlySet<string>, name: string, form?: SchemaForm): Schema;
  ofField(field: DescField, form?: SchemaForm): Schema;
}

export function createSchemas(): Schemas {
  const components = new Map<string, Schema>();
  const titles = new Map<string, string>(); // generators name types by them: each belongs to one schema

  /**
   * @param suffix for the title, of a form that is not the message's own
   * @param form   all that sets this form apart
   */
  function titleOf(desc: DescMessage | DescEnum, suffix = "", form = suffix): string {
    const owner = `${desc.typeName} ${form}`;
    const long = `${desc.typeName.split(/[._]/).map(capitalized).join("")}${suffix}`;
    for (let count = 0; ; count++) {
      const title = count === 0 ? `${shortName(desc)}${suffix}` : count === 1 ? long : `${long}${count}`;
      if ((titles.get(title) ?? owner) !== owner) continue;
      titles.set(title, owner);
      return title;
    }
  }

  function ofMessage(message: DescMessage, form: SchemaForm = "whole"): Schema {
    const known = WELL_KNOWN[message.typeName];
    if (known !== undefined) return known;
    const name = form === "patch" ? `${message.typeName}.Patch` : message.typeName;
    if (!components.has(name)) {
      components.set(name, {}); // a message may hold itself
      components.set(name, objectSchema(message, new Set(), form, form === "patch" ? "Patch" : ""));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  function objectSchema(message: DescMessage, omitted: ReadonlySet<string>, form: SchemaForm, suffix: string): Schema {
    const isChangeable = (field: DescField) => form === "whole" || !behavesAs(field, FieldBehavior.IMMUTABLE);
    const fields = message.fields.filter((field) => !omitted.has(field.name) && isChangeable(field));
    const required = form === "patch" ? [] : fields.filter(isRequired).map(({ jsonName }) => jsonName);
    const oneofs = message.oneofs.map((oneof) => oneof.fields.filter((field) => fields.includes(field)));
    const choices = oneofs.filter((members) => members.length > 1).map(atMostOne);
    return {
      title: titleOf(message, suffix, `${suffix} without ${[...omitted].join()}`),
      type: "object",
      description: commentOf(message) || undefined,
      deprecated: message.deprecated || undefined,
      properties: Object.fromEntries(fields.map((field) => [field.jsonName, ofField(field, form)])),
      required: required.length > 0 ? required : undefined,
      allOf: choices.length > 0 ? choices : undefined,
      additionalProperties: message.proto.extensionRange.length > 0 ? undefined : false, // extensions stand as "[full.name]"
    };
  }

  function ofEnum(desc: DescEnum): Schema {
    if (desc.typeName === "google.protobuf.NullValue") return { type: "null" };
    if (!components.has(desc.typeName)) {
      const values = desc.values.map((value) => {
        const told = [commentOf(value).replaceAll(/\s+/g, " "), value.deprecated ? "Deprecated." : ""].filter(Boolean).join(" ");
        return told === "" ? "" : `- \`${value.name}\`: ${told}`;
      });
      components.set(desc.typeName, {
        title: titleOf(desc),
        type: "string",
        description: [commentOf(desc), values.filter(Boolean).join("\n")].filter(Boolean).join("\n\n") || undefined,
        deprecated: desc.deprecated || undefined,
        enum: desc.values.map(({ name }) => name),
      });
    }
    return { $ref: `#/components/schemas/${desc.typeName}` };
  }

  /** One element, where the field is a list or a map. */
  function ofElement(field: DescField, form: SchemaForm): Schema {
    if (field.message !== undefined) return ofMessage(field.message, form);
    return field.enum !== undefined ? ofEnum(field.enum) : scalarSchema(field.scalar!);
  }

  function ofShape(field: DescField, form: SchemaForm): Schema {
    switch (field.fieldKind) {
      case "list":
        return { type: "array", items: ofElement(field, "whole") }; // a list is replaced whole
      case "map":
        return { type: "object", propertyNames: keySchema(field.mapKey), additionalProperties: ofElement(field, "whole") };
      default:
        return ofElement(field, form);
    }
  }

  function ofField(field: DescField, form: SchemaForm = "whole"): Schema {
    const { "x-items": items, ...rules } = { ...validationRulesOf(field).schema, ...schemaIn(field) };
    const shape = ofShape(field, form);
    const isImmutable = behavesAs(field, FieldBehavior.IMMUTABLE);
    const example = exampleOf(field);
    const description = [commentOf(field), isImmutable ? "Can't be changed once it is set." : ""].filter(Boolean).join(" ");
    return {
      ...shape,
      ...given(rules),
      ...(items === undefined ? {} : { items: { ...(shape["items"] as Schema), ...given(items as Schema) } }),
      ...(description === "" ? {} : { description }),
      ...(example === undefined ? {} : { examples: [example] }),
      deprecated: field.deprecated || undefined,
      readOnly: behavesAs(field, FieldBehavior.OUTPUT_ONLY) || undefined,
      writeOnly: behavesAs(field, FieldBehavior.INPUT_ONLY) || undefined,
      "x-immutable": isImmutable || undefined,
      "x-oneof": field.oneof?.name,
    };
  }

  return {
    components,
    ofMessage,
    ofMessageWithout: (message, omitted, name, form = "whole") =>
      omitted.size === 0 || WELL_KNOWN[message.typeName] !== undefined
        ? ofMessage(message, form)
        : objectSchema(message, omitted, form, name),
    ofField,
  };
}

/** The name of a type with those it is declared in: `OrderItem`. */
function shortName(desc: DescMessage | DescEnum): string {
  return desc.parent === undefined ? desc.name : `${shortName(desc.parent)}${desc.name}`;
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

export function isRequired(field: DescField): boolean {
  if (field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED) return true;
  return behavesAs(field, FieldBehavior.REQUIRED) || validationRulesOf(field).isRequired;
}

export function behavesAs(field: DescField, behavior: FieldBehavior): boolean {
  return getOption(field, field_behavior).includes(behavior);
}

/** Of the members of a oneof, one may be set, or none. */
function atMostOne(members: readonly DescField[]): Schema {
  const set = members.map(({ jsonName }) => ({ required: [jsonName] }));
  return { oneOf: [...set, { not: { anyOf: set } }] };
}

function given(schema: Schema): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}
