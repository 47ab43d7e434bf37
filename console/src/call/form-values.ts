// What the form has before anybody has written into it.
import type { Contract, Entry } from "../contract/contract.ts";
import type { BodySpec, Parameter } from "../contract/openapi.ts";
import { hasStreamOfRequests, protocolsOf } from "./protocols.ts";
import { contentTypeOf, type FormValues } from "./request.ts";

export function initialValues(entry: Entry, contract: Contract, authorization: string): FormValues {
  const { requestBody, "x-connect": connect } = entry.operation;
  const accepted = framingsOf(entry, contract);
  return {
    protocol: protocolsOf(entry)[0],
    parameters: new Map(),
    body: requestBody === undefined ? "" : exampleOf(requestBody),
    accept: accepted.includes("text/event-stream") ? "text/event-stream" : (accepted[0] ?? ""),
    message: JSON.stringify(connect.example ?? {}, null, hasStreamOfRequests(entry) ? 0 : 2),
    authorization,
  };
}

/** Content types in which REST has a stream of responses; empty for a single response. */
export function framingsOf({ operation }: Entry, contract: Contract): readonly string[] {
  if (!operation["x-connect"].kind.endsWith("streaming")) return [];
  const success = operation.responses["200"];
  return success === undefined ? [] : Object.keys(contract.follow(success).content ?? {});
}

/** Values that a parameter may have; undefined where it may have others. */
export function choicesOf(parameter: Parameter, contract: Contract): readonly string[] | undefined {
  const schema = contract.follow(parameter.schema ?? {});
  return schema.enum ?? (schema.type === "boolean" ? ["true", "false"] : undefined);
}

/** An example of a parameter, or its type. */
export function placeholderOf(parameter: Parameter, contract: Contract): string {
  const { examples, type, format } = contract.follow(parameter.schema ?? {});
  const example = parameter.example ?? examples?.[0];
  if (example !== undefined) return String(example);
  return type === "array" ? "a,b" : (format ?? [type ?? ""].flat().join(" or "));
}

function exampleOf(requestBody: BodySpec): string {
  const type = contentTypeOf(requestBody);
  const { example } = requestBody.content[type] ?? {};
  return example === undefined ? "" : JSON.stringify(example, null, type === "application/x-ndjson" ? 0 : 2);
}
