// Shows a schema as a list of fields. Inner messages are rendered when they are opened, so a message may contain itself.
import { useState } from "preact/hooks";
import { inline, Prose } from "../call/prose.tsx";
import type { Contract } from "../contract/contract.ts";
import type { ApiSchema } from "../contract/openapi.ts";
import { boundsText, innerOf, typeOf } from "./schema-text.ts";

export type SchemaDirection = "request" | "response";

interface SchemaProps {
  readonly schema: ApiSchema;
  readonly contract: Contract;
  readonly direction: SchemaDirection;
}

/** The fields of a schema, or its type if it has none. */
export function SchemaView({ schema, contract, direction }: SchemaProps) {
  const whole = contract.follow(schema);
  const inner = innerOf(whole, contract);
  const type = <code>{typeOf(whole, contract)}</code>;
  if (inner === undefined)
    return (
      <div>
        <p class="type">{type}</p>
        <Bounds schema={whole} />
        <Values schema={whole} />
      </div>
    );
  const hidden = direction === "request" ? "readOnly" : "writeOnly";
  const fields = Object.entries(inner.properties ?? {}).filter(([, field]) => contract.follow(field)[hidden] !== true);
  return (
    <div>
      <p class="type">{type}</p>
      {fields.length === 0 ? (
        <p class="quiet">No fields.</p>
      ) : (
        <ul class="fields">
          {fields.map(([name, field]) => (
            <FieldRow
              name={name}
              schema={field}
              isRequired={inner.required?.includes(name) === true}
              contract={contract}
              direction={direction}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

function FieldRow({
  name,
  schema,
  isRequired,
  contract,
  direction,
}: SchemaProps & { readonly name: string; readonly isRequired: boolean }) {
  const [isOpen, setOpen] = useState(false);
  const whole = contract.follow(schema);
  const inner = innerOf(whole, contract);
  const type = typeOf(schema, contract);
  return (
    <li>
      <div class="head">
        <code class="field">{name}</code>
        <span class="kind">{type}</span>
        <Flags schema={whole} isRequired={isRequired} />
      </div>
      <Prose text={whole.description} />
      <Bounds schema={whole} />
      <Values schema={whole} />
      {inner !== undefined && (
        <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
          <summary>{type.replace(/\[\]$/, "")}</summary>
          {isOpen && <SchemaView schema={inner} contract={contract} direction={direction} />}
        </details>
      )}
    </li>
  );
}

export function Flags({ schema, isRequired }: { readonly schema: ApiSchema; readonly isRequired: boolean }) {
  return (
    <>
      {isRequired && <span class="flag required">required</span>}
      {schema.readOnly === true && <span class="flag">read only</span>}
      {schema.writeOnly === true && <span class="flag">write only</span>}
      {schema.deprecated === true && <span class="flag warn">deprecated</span>}
      {schema["x-oneof"] !== undefined && <span class="flag">one of {schema["x-oneof"]}</span>}
    </>
  );
}

export function Bounds({ schema }: { readonly schema: ApiSchema }) {
  const text = boundsText(schema);
  return text === "" ? null : <p class="quiet">{inline(text)}</p>;
}

function Values({ schema }: { readonly schema: ApiSchema }) {
  const named = schema.enum ?? schema.items?.enum;
  if (named === undefined) return null;
  return (
    <p class="values">
      {named.map((value) => (
        <>
          <code>{value}</code>{" "}
        </>
      ))}
    </p>
  );
}
