// Encodes the message of a REST request for the upstream.
import { type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { type ReflectList, type ReflectMap, type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { ViolationList } from "../../../core/violations/violation-list.ts";
import { invalidField, invalidRequest } from "./json/invalid-request.ts";

/** @throws Rejected if the message has no binary form because a required field of proto2 is missing */
export function encodeRequest(message: DescMessage, value: Message): Uint8Array<ArrayBuffer> {
  try {
    return toBinary(message, value) as Uint8Array<ArrayBuffer>;
  } catch (error) {
    const violations = new ViolationList();
    addMissing(reflect(message, value, false), "", violations);
    if (violations.count > 0) throw invalidRequest(violations);
    throw invalidField("", `cannot be encoded: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function addMissing(holder: ReflectMessage, prefix: string, violations: ViolationList): void {
  for (const field of holder.fields) {
    const path = prefix === "" ? field.name : `${prefix}.${field.name}`;
    if (!holder.isSet(field)) {
      if (field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED) violations.add(path, "is required");
    } else if (field.fieldKind === "message") {
      addMissing(holder.get(field), path, violations);
    } else if (field.fieldKind === "list" && field.listKind === "message") {
      let index = 0;
      for (const item of holder.get(field) as ReflectList<ReflectMessage>) addMissing(item, `${path}[${index++}]`, violations);
    } else if (field.fieldKind === "map" && field.mapKind === "message") {
      for (const [key, item] of holder.get(field) as ReflectMap<unknown, ReflectMessage>)
        addMissing(item, `${path}[${JSON.stringify(String(key))}]`, violations);
    }
  }
}
