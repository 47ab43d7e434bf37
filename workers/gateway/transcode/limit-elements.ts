// Refuses a message with more elements than its route allows, before it is decoded.
import type { DescMessage } from "@bufbuild/protobuf";
import { describeExcess } from "../../../core/elements/excess.ts";
import { Rejected } from "../../../core/rejection.ts";
import { excessOf } from "../../service/limits/element-limit.ts";
import { invalidField } from "./json/invalid-request.ts";

/**
 * To be called wherever the bytes of a caller are decoded.
 *
 * @param bytes the message, decompressed, in binary or JSON
 * @throws Rejected `too_many_elements`, or `invalid_request` for JSON that nests too deep
 */
export function limitElements(type: DescMessage, bytes: Uint8Array, isBinary: boolean, maxElements: number): void {
  const excess = excessOf(type, bytes, isBinary, maxElements);
  if (excess === undefined) return;
  if (excess === "elements") throw new Rejected({ kind: "too_many_elements", maxElements });
  throw invalidField("", describeExcess(excess, maxElements, ""));
}
