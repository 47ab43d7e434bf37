// The responses of an operation by their status; those that are no success are rendered when they are opened.
import { useState } from "preact/hooks";
import { CodeBlock } from "../call/code-block.tsx";
import { inline } from "../call/prose.tsx";
import type { Contract } from "../contract/contract.ts";
import type { ApiOperation, ResponseSpec } from "../contract/openapi.ts";
import { SchemaView } from "./schema-view.tsx";

export function ResponsesView({ responses, contract }: { readonly responses: ApiOperation["responses"]; readonly contract: Contract }) {
  return (
    <section>
      <h2>Responses</h2>
      {Object.entries(responses).map(([status, response]) => (
        <ResponseRow status={status} response={contract.follow(response)} contract={contract} />
      ))}
    </section>
  );
}

interface ResponseProps {
  readonly response: ResponseSpec;
  readonly contract: Contract;
}

function ResponseRow({ status, response, contract }: ResponseProps & { readonly status: string }) {
  const isGood = status.startsWith("2");
  const [isOpen, setOpen] = useState(isGood);
  return (
    <details class="response" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <strong class={isGood ? "good" : "bad"}>{status}</strong> {inline(response.description)}
      </summary>
      {isOpen && (
        <>
          <ContentsView response={response} contract={contract} />
          <HeadersView response={response} contract={contract} />
        </>
      )}
    </details>
  );
}

function ContentsView({ response: { content = {} }, contract }: ResponseProps) {
  const [first] = Object.values(content);
  if (first === undefined) return null;
  const { schema = {}, example } = first;
  return (
    <div>
      <p class="quiet">{Object.keys(content).join(", ")}</p>
      <SchemaView schema={schema} contract={contract} direction="response" />
      {example !== undefined && (
        <details class="example">
          <summary>Example</summary>
          <CodeBlock label="Example">{JSON.stringify(example, null, 2)}</CodeBlock>
        </details>
      )}
    </div>
  );
}

function HeadersView({ response: { headers = {} }, contract }: ResponseProps) {
  const rows = Object.entries(headers);
  if (rows.length === 0) return null;
  return (
    <details class="example">
      <summary>Headers</summary>
      <dl>
        {rows.map(([name, header]) => (
          <>
            <dt>
              <code>{name}</code>
            </dt>
            <dd>{inline(contract.follow(header).description ?? "")}</dd>
          </>
        ))}
      </dl>
    </details>
  );
}
