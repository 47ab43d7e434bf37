// A message type with a field of every kind, random messages of it, and an oracle that counts the elements of its decoded messages.
import { create, createFileRegistry, type DescMessage, type Message, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import {
  type FieldDescriptorProtoSchema,
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { LIGHT_BYTES } from "../../../core/elements/excess.ts";

type Field = MessageInitShape<typeof FieldDescriptorProtoSchema>;

const one = Label.OPTIONAL;
const many = Label.REPEATED;
const packed = { options: { packed: true } };

function field(name: string, number: number, type: Type, label: Label, more: Field = {}): Field {
  return { name, number, type, label, ...more };
}

function entry(name: string, key: Type, value: Field) {
  const fields = [field("key", 1, key, one), { name: "value", number: 2, label: one, ...value }];
  return { name, field: fields, options: { mapEntry: true } };
}

/** `test.Every`: proto2, since only that has groups in the syntax that all versions know. */
export const EVERY: DescMessage = createFileRegistry(
  create(FileDescriptorSetSchema, {
    file: [
      {
        name: "every.proto",
        package: "test",
        syntax: "proto2",
        enumType: [
          {
            name: "Color",
            value: [
              { name: "RED", number: 0 },
              { name: "BLUE", number: 1 },
            ],
          },
        ],
        messageType: [
          {
            name: "Every",
            field: [
              field("name", 1, Type.STRING, one),
              field("child", 2, Type.MESSAGE, one, { typeName: ".test.Every" }),
              field("children", 3, Type.MESSAGE, many, { typeName: ".test.Every" }),
              field("numbers", 4, Type.INT32, many, packed),
              field("loose", 5, Type.SINT64, many),
              field("doubles", 6, Type.DOUBLE, many, packed),
              field("floats", 7, Type.FLOAT, many, packed),
              field("colors", 8, Type.ENUM, many, { typeName: ".test.Color", ...packed }),
              field("texts", 9, Type.BYTES, many),
              field("by_name", 10, Type.MESSAGE, many, { typeName: ".test.Every.ByNameEntry" }),
              field("by_number", 11, Type.MESSAGE, many, { typeName: ".test.Every.ByNumberEntry" }),
              field("inner", 12, Type.GROUP, many, { typeName: ".test.Every.Inner" }),
              field("flag", 13, Type.BOOL, one),
              field("fixed", 14, Type.FIXED64, one),
              field("color", 15, Type.ENUM, one, { typeName: ".test.Color" }),
              field("far", 100, Type.MESSAGE, one, { typeName: ".test.Every" }),
            ],
            nestedType: [
              entry("ByNameEntry", Type.STRING, { type: Type.MESSAGE, typeName: ".test.Every" }),
              entry("ByNumberEntry", Type.SFIXED32, { type: Type.UINT64 }),
              {
                name: "Inner",
                field: [field("name", 1, Type.STRING, one), field("child", 2, Type.MESSAGE, one, { typeName: ".test.Every" })],
              },
            ],
          },
        ],
      },
    ],
  }),
).getMessage("test.Every")!;

interface Every {
  name?: string;
  child?: Every;
  children?: Every[];
  numbers?: number[];
  loose?: bigint[];
  doubles?: number[];
  floats?: number[];
  colors?: number[];
  texts?: Uint8Array[];
  byName?: Record<string, Every>;
  byNumber?: Record<number, bigint>;
  inner?: { name?: string; child?: Every }[];
  flag?: boolean;
  far?: Every;
}

/** Random messages. @param depth messages that may be within one another */
export function every(depth: number): fc.Arbitrary<Every> {
  const leaves = {
    name: fc.string({ maxLength: 200 }),
    numbers: fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 9 }),
    loose: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 5 }),
    doubles: fc.array(fc.double(), { maxLength: 5 }),
    floats: fc.array(fc.float(), { maxLength: 5 }),
    colors: fc.array(fc.constantFrom(0, 1), { maxLength: 5 }),
    texts: fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 3 }),
    byNumber: fc.dictionary(fc.nat(99).map(String), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxKeys: 4 }),
    flag: fc.boolean(),
  };
  if (depth === 0) return fc.record(leaves, { requiredKeys: [] }) as fc.Arbitrary<Every>;
  const child = every(depth - 1);
  const parents = {
    child,
    children: fc.array(child, { maxLength: 3 }),
    byName: fc.dictionary(fc.string(), child, { maxKeys: 3 }),
    inner: fc.array(fc.record({ name: fc.string(), child }, { requiredKeys: [] }), { maxLength: 2 }),
    far: child,
  };
  return fc.record({ ...leaves, ...parents }, { requiredKeys: [] }) as fc.Arbitrary<Every>;
}

/** Fields that are set, items of lists, entries of maps and unknown fields, at any depth. */
export function elementsOf(type: DescMessage, message: Message): number {
  return countOf(reflect(type, message), () => 0);
}

/** The same, with what nested messages of a few bytes count more. */
export function weightedElementsOf(type: DescMessage, message: Message): number {
  return countOf(reflect(type, message), ({ desc, message: nested }, endBytes) => {
    const bytes = toBinary(desc, nested).byteLength + endBytes;
    return Math.max(0, LIGHT_BYTES - 2 - bytes);
  });
}

function countOf(message: ReflectMessage, weigh: (nested: ReflectMessage, endBytes: number) => number): number {
  let count = message.getUnknown()?.length ?? 0;
  const nested = (value: unknown, isMessage: boolean, endBytes = 0) =>
    1 + (isMessage ? countOf(value as ReflectMessage, weigh) + weigh(value as ReflectMessage, endBytes) : 0);
  for (const part of message.fields) {
    if (!message.isSet(part)) continue;
    if (part.fieldKind === "list")
      for (const item of message.get(part))
        count += nested(item, part.listKind === "message", part.listKind === "message" && part.delimitedEncoding ? 1 : 0);
    else if (part.fieldKind === "map") for (const [, value] of message.get(part)) count += nested(value, part.mapKind === "message");
    else count += nested(message.get(part), part.fieldKind === "message");
  }
  return count;
}
