// Fuzz target of the scans that count elements: what they let pass has no more elements when it is decoded.
import { readFileSync } from "node:fs";
import { createFileRegistry, type DescMessage, fromBinary, type Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { MAX_DEPTH } from "../../core/elements/excess.ts";
import { jsonExcess } from "../../core/elements/json-elements.ts";
import { hasMoreProtoElements } from "../../core/elements/proto-elements.ts";
import { messageShapeOf } from "../../workers/service/limits/message-shape.ts";
import { promise, type Target } from "./target.ts";

const set = fromBinary(FileDescriptorSetSchema, readFileSync(new URL("../differential/differential.binpb", import.meta.url)));
const All = createFileRegistry(set).getMessage("differential.v1.All")!;
const shape = messageShapeOf(All);

/** The first byte is the limit; with an odd second one the rest is JSON. */
export const elementsTarget: Target = {
  name: "elements",
  run(bytes) {
    const limit = bytes[0] ?? 0;
    const rest = new Uint8Array(bytes.subarray(2));
    if (((bytes[1] ?? 0) & 1) === 1) return checkJson(rest, limit);
    if (hasMoreProtoElements(rest, shape, limit)) return;
    const message = decoded(rest);
    if (message === undefined) return;
    const elements = elementsOf(All, message);
    promise(elements <= limit, `${elements} elements in a message within ${limit}`);
  },
};

function decoded(bytes: Uint8Array): Message | undefined {
  try {
    return fromBinary(All, bytes);
  } catch {
    return undefined; // no message
  }
}

/** Fields that are set, items of lists, entries of maps and unknown fields, in all messages within the message. */
function elementsOf(type: DescMessage, message: Message): number {
  return countIn(reflect(type, message, false));
}

function countIn(message: ReflectMessage): number {
  let count = message.getUnknown()?.length ?? 0;
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    if (field.fieldKind === "message") count += 1 + countIn(message.get(field));
    else if (field.fieldKind === "list") for (const item of message.get(field)) count += 1 + nested(item);
    else if (field.fieldKind === "map") for (const value of message.get(field).values()) count += 1 + nested(value);
    else count += 1;
  }
  return count;
}

function nested(value: unknown): number {
  return typeof value === "object" && value !== null && "desc" in value ? countIn(value as ReflectMessage) : 0;
}

function checkJson(bytes: Uint8Array, limit: number): void {
  if (jsonExcess(bytes, limit) !== undefined) return;
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return; // no JSON
  }
  const { elements, depth } = sizeOf(json);
  promise(elements <= limit && depth <= MAX_DEPTH, `${elements} elements, ${depth} levels in a text within ${limit}`);
}

function sizeOf(json: unknown): { readonly elements: number; readonly depth: number } {
  if (typeof json !== "object" || json === null) return { elements: 0, depth: 0 };
  const sizes = Object.values(json).map(sizeOf);
  return {
    elements: sizes.reduce((sum, { elements }) => sum + elements, sizes.length),
    depth: 1 + Math.max(0, ...sizes.map(({ depth }) => depth)),
  };
}
