// Decodes the JSON of callers strictly: connect-es takes the last one of two equal keys, and replaces bytes that are no UTF-8.
import { type DescMessage, fromJson, type JsonReadOptions, type JsonValue, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { MAX_DEPTH } from "../../core/elements/excess.ts";
import { surveyJson } from "../../core/transcode/json-text.ts";

// It may be shared: without the option `stream`, a decoder keeps no state between calls.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** To be used in place of a `TextDecoder`. */
export const STRICT_JSON = {
  /** @throws ConnectError for a key that is given twice, or more than 100 levels; TypeError for bytes that are no UTF-8 */
  decode(bytes?: Uint8Array): string {
    const text = UTF8.decode(bytes);
    const survey = surveyJson(text, MAX_DEPTH);
    if (survey.kind === "invalid") throw new ConnectError(`message ${survey.problem}`, Code.InvalidArgument);
    return text;
  },
};

/**
 * As `fromJsonString` of Protobuf-ES on a text that `STRICT_JSON` has decoded, without its second search for keys that are given twice.
 *
 * @throws ConnectError `invalid_argument` for bytes that are no message of this type
 */
export function readJson(type: DescMessage, bytes: Uint8Array, options: Partial<JsonReadOptions>): Message {
  try {
    return fromJson(type, parsed(STRICT_JSON.decode(bytes), type), options);
  } catch (reason) {
    throw ConnectError.from(reason, Code.InvalidArgument);
  }
}

function parsed(text: string, { typeName }: DescMessage): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (reason) {
    throw new Error(`cannot decode message ${typeName} from JSON: ${reason instanceof Error ? reason.message : String(reason)}`);
  }
}
