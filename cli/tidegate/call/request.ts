// The request of a call: messages and headers as the user has written them.
import { existsSync, readFileSync } from "node:fs";
import { text as textOf } from "node:stream/consumers";
import { type DescMessage, fromJson, type JsonValue, type Message, type Registry } from "@bufbuild/protobuf";
import type { Context } from "../context.ts";
import { Failure, wrongUsage } from "../failure.ts";

/** @param written JSON, @FILE, or - for the standard input; "" is {} */
export async function bodyText(context: Context, written: string): Promise<string> {
  if (written === "-") return textOf(context.stdin);
  if (!written.startsWith("@")) return written === "" ? "{}" : written;
  const file = context.path(written.slice(1));
  if (existsSync(file)) return readFileSync(file, "utf8");
  throw new Failure(
    { what: `BODY: found no file ${written.slice(1)}`, where: { file: written.slice(1) }, fix: "write @ and a file that exists" },
    2,
  );
}

/**
 * The messages of the request: JSON values one after the other.
 *
 * @throws Failure with the exit code of wrong usage for text that is no JSON, or no message of the type
 */
export function messagesIn(text: string, type: DescMessage, registry: Registry): Message[] {
  return jsonValuesIn(text).map((json) => {
    try {
      return fromJson(type, json, { registry });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Failure(
        {
          what: `BODY: found no ${type.typeName}`,
          why,
          fix: `write its fields: ${type.fields.map(({ jsonName }) => jsonName).join(", ") || "it has none"}`,
        },
        2,
      );
    }
  });
}

/** Values end where brackets are balanced outside of strings. */
function jsonValuesIn(text: string): JsonValue[] {
  const values: JsonValue[] = [];
  let start = 0;
  let depth = 0;
  let isText = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (isText) {
      if (character === "\\") index += 1;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === "{" || character === "[") depth += 1;
    else if ((character === "}" || character === "]") && --depth === 0) {
      values.push(parsed(text.slice(start, index + 1)));
      start = index + 1;
    }
  }
  if (text.slice(start).trim() !== "") values.push(parsed(text.slice(start)));
  return values;
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw wrongUsage(
      `BODY: found no JSON: ${error instanceof Error ? error.message : String(error)}`,
      "call",
      'write an object, as in \'{"id":"1"}\'',
    );
  }
}

/** @param written as in `accept-language: de`; TIDEGATE_TOKEN is sent as a bearer token where no authorization is written */
export function headersOf(written: readonly string[], env: Context["env"]): Headers {
  const headers = new Headers();
  for (const header of written) {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(header);
    if (match === null) throw wrongUsage(`--header: found "${header}"`, "call", 'write name and value, as in "accept-language: de"');
    headers.append(match[1]!, match[2]!);
  }
  const token = env["TIDEGATE_TOKEN"];
  if (token && !headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
  return headers;
}
