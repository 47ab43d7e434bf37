// Shows one operation: parameters, body and responses on the left, the form to call it and code samples on the right.
import { h, inline, prose } from "./dom.js";
import { connectCurlOf, curlOf } from "./request.js";
import { samplesView } from "./samples.js";
import { flags, limits, schemaView, typeOf } from "./schema.js";
import { tryIt } from "./try-it.js";

/**
 * @typedef {import("./contract.js").Entry} Entry
 * @typedef {import("./contract.js").Contract} Contract
 */

/** @param {Entry} entry @param {Contract} contract @returns {{ element: any, leave: () => void }} */
export function operationView(entry, contract) {
  const { operation, method, path } = entry;
  const parameters = (operation.parameters ?? []).map(contract.follow);
  const isStream = operation["x-connect"].kind.endsWith("streaming");
  const framings = isStream ? Object.keys(contract.follow(operation.responses["200"]).content) : [];
  const trying = tryIt(entry, parameters, framings, contract, () => samples.refresh());
  const samples = samplesView([
    { label: "curl REST", code: () => curlOf(trying.request(), isStream) },
    { label: "curl Connect", code: () => connectCurlOf(entry, contract.origin, trying.authorization()) },
  ]);
  const element = h(
    "article",
    {},
    h("p.crumb", {}, operation.tags[0]),
    h("h1", {}, inline(operation.summary)),
    h(
      "p.route",
      {},
      methodBadge(method),
      h("code", {}, breakable(path)),
      operation.deprecated ? h("span.flag.warn", {}, "deprecated") : null,
    ),
    prose(operation.description),
    h(
      "div.columns",
      {},
      h(
        "div.facts",
        {},
        parametersView(parameters, contract),
        bodyView(operation.requestBody, contract),
        responsesView(operation.responses, contract),
      ),
      h("div.calls", {}, samples.element, trying.element),
    ),
  );
  return { element, leave: trying.stop };
}

/** @param {string} method */
export function methodBadge(method) {
  return h(`span.method.${method.toLowerCase()}`, {}, method);
}

/** A path that may break after its slashes. @param {string} path */
function breakable(path) {
  return path.split(/(?<=\/)/).flatMap((part) => [part, h("wbr")]);
}

/** @param {any[]} parameters @param {Contract} contract */
function parametersView(parameters, contract) {
  if (parameters.length === 0) return null;
  const rows = parameters.map((parameter) => {
    const schema = contract.follow(parameter.schema ?? {});
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, h("code.field", {}, parameter.name), h("div", {}, flags(parameter, parameter.required === true))),
      h("td", {}, h("span.kind", {}, `${typeOf(schema, contract)}, ${parameter.in}`), prose(parameter.description), limits(schema)),
    );
  });
  const head = h("thead.hidden", {}, h("tr", {}, h("th", { scope: "col" }, "Name"), h("th", { scope: "col" }, "Meaning")));
  return h("section", {}, h("h2", {}, "Parameters"), h("table", {}, head, h("tbody", {}, rows)));
}

/** @param {any} body @param {Contract} contract */
function bodyView(body, contract) {
  if (body === undefined) return null;
  const [[type, { schema = {} }]] = /** @type {[string, any][]} */ (Object.entries(body.content));
  const heading = h("h2", {}, "Body", h("small", {}, type));
  return h("section", {}, heading, prose(body.description), schemaView(schema, contract, "request"));
}

/** @param {any} responses @param {Contract} contract */
function responsesView(responses, contract) {
  const views = Object.entries(responses).map(([status, reference]) => {
    const response = contract.follow(reference);
    const contents = /** @type {[string, any][]} */ (Object.entries(response.content ?? {}));
    const isGood = status.startsWith("2");
    const summary = h("summary", {}, h(isGood ? "strong.good" : "strong.bad", {}, status), " ", inline(response.description));
    const details = h("details.response", { open: isGood }, summary);
    const fill = () => details.append(contentsView(contents, contract), headersView(response.headers, contract));
    if (isGood) fill();
    else details.addEventListener("toggle", fill, { once: true });
    return details;
  });
  return h("section", {}, h("h2", {}, "Responses"), views);
}

/** @param {[string, any][]} contents @param {Contract} contract */
function contentsView(contents, contract) {
  const [first] = contents;
  if (first === undefined) return null;
  const [, { schema = {}, example }] = first;
  const shown =
    example === undefined
      ? null
      : h("details.example", {}, h("summary", {}, "Example"), h("pre", { tabindex: "0" }, h("code", {}, JSON.stringify(example, null, 2))));
  return h("div", {}, h("p.quiet", {}, contents.map(([type]) => type).join(", ")), schemaView(schema, contract, "response"), shown);
}

/** @param {any} headers @param {Contract} contract */
function headersView(headers, contract) {
  const rows = Object.entries(headers ?? {}).map(([name, header]) => [
    h("dt", {}, h("code", {}, name)),
    h("dd", {}, inline(contract.follow(header).description ?? "")),
  ]);
  return rows.length === 0 ? null : h("details.example", {}, h("summary", {}, "Headers"), h("dl", {}, rows));
}
