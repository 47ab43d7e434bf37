// Shows one operation: parameters, body and responses on the left, the form to call it and code samples on the right.
import { inline, Prose } from "../call/prose.tsx";
import { TryIt } from "../call/try-it.tsx";
import type { Contract, Entry } from "../contract/contract.ts";
import type { BodySpec, Parameter } from "../contract/openapi.ts";
import { MethodBadge } from "./method-badge.tsx";
import { ResponsesView } from "./responses-view.tsx";
import { typeOf } from "./schema-text.ts";
import { Bounds, Flags, SchemaView } from "./schema-view.tsx";

export function OperationView({ entry, contract }: { readonly entry: Entry; readonly contract: Contract }) {
  const { operation, method, path, service } = entry;
  return (
    <article>
      <p class="crumb">{service}</p>
      <h1>{inline(operation.summary)}</h1>
      <p class="route">
        <MethodBadge method={method} />
        <code>{breakable(path)}</code>
        {operation.deprecated === true && <span class="flag warn">deprecated</span>}
      </p>
      <Prose text={operation.description} />
      <div class="columns">
        <div class="facts">
          <ParametersView parameters={(operation.parameters ?? []).map(contract.follow)} contract={contract} />
          {operation.requestBody !== undefined && <BodyView body={operation.requestBody} contract={contract} />}
          <ResponsesView responses={operation.responses} contract={contract} />
        </div>
        <div class="calls">
          <TryIt key={entry.id} entry={entry} contract={contract} />
        </div>
      </div>
    </article>
  );
}

/** A path that may break after its slashes. */
function breakable(path: string) {
  return path.split(/(?<=\/)/).map((part) => (
    <>
      {part}
      <wbr />
    </>
  ));
}

function ParametersView({ parameters, contract }: { readonly parameters: readonly Parameter[]; readonly contract: Contract }) {
  if (parameters.length === 0) return null;
  return (
    <section>
      <h2>Parameters</h2>
      <table>
        <thead class="hidden">
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Meaning</th>
          </tr>
        </thead>
        <tbody>
          {parameters.map((parameter) => (
            <ParameterRow parameter={parameter} contract={contract} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ParameterRow({ parameter, contract }: { readonly parameter: Parameter; readonly contract: Contract }) {
  const schema = contract.follow(parameter.schema ?? {});
  const flags = parameter.deprecated === true ? { deprecated: true } : {};
  return (
    <tr>
      <th scope="row">
        <code class="field">{parameter.name}</code>
        <div>
          <Flags schema={flags} isRequired={parameter.required === true} />
        </div>
      </th>
      <td>
        <span class="kind">
          {typeOf(schema, contract)}, {parameter.in}
        </span>
        <Prose text={parameter.description} />
        <Bounds schema={schema} />
      </td>
    </tr>
  );
}

function BodyView({ body, contract }: { readonly body: BodySpec; readonly contract: Contract }) {
  const [[type, { schema = {} }] = ["*/*", {}]] = Object.entries(body.content);
  return (
    <section>
      <h2>
        Body<small>{type}</small>
      </h2>
      <Prose text={body.description} />
      <SchemaView schema={schema} contract={contract} direction="request" />
    </section>
  );
}
