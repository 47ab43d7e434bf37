// The form that calls the gateway: a field for each parameter, the body, and the response below.

import { h } from "./dom.js";
import { contentTypeOf, requestOf } from "./request.js";
import { showResponse } from "./response.js";

const REMEMBERED = "reference.authorization"; // key in the session storage of this tab

/**
 * @typedef {import("./contract.js").Entry} Entry
 * @typedef {import("./contract.js").Contract} Contract
 */

/**
 * @param {Entry} entry @param {any[]} parameters followed @param {string[]} framings of a stream; empty for a single response
 * @param {Contract} contract @param {() => void} onChange
 */
export function tryIt(entry, parameters, framings, contract, onChange) {
  const { requestBody } = entry.operation;
  const inputs = parameters.map((parameter) => ({
    key: `${parameter.in} ${parameter.name}`,
    parameter,
    input: inputFor(parameter, contract),
  }));
  const body = requestBody && h("textarea", { name: "body", rows: "8", spellcheck: "false" }, bodyExample(requestBody));
  const accept =
    framings.length > 0
      ? h(
          "select",
          { name: "accept" },
          framings.map((type) => h("option", {}, type)),
        )
      : undefined;
  if (accept !== undefined) accept.value = framings.includes("text/event-stream") ? "text/event-stream" : framings[0];
  const authorization = h("input", {
    name: "authorization",
    type: "text",
    placeholder: "Bearer ...",
    autocomplete: "off",
    spellcheck: "false",
  });
  authorization.value = sessionStorage.getItem(REMEMBERED) ?? "";
  const send = h("button.send", { type: "submit" }, "Send");
  const stop = h("button.plain", { type: "button", hidden: true }, "Stop");
  const response = h("div.response");
  /** @type {AbortController | undefined} */
  let running;

  const request = () =>
    requestOf(
      entry,
      parameters,
      {
        parameters: new Map(inputs.map(({ key, input }) => [key, input.value])),
        body: body?.value ?? "",
        accept: accept?.value ?? "",
        authorization: authorization.value,
      },
      contract.origin,
    );

  const onsubmit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    running?.abort();
    const own = new AbortController();
    running = own;
    sessionStorage.setItem(REMEMBERED, authorization.value);
    stop.hidden = false;
    await showResponse(request(), response, own.signal);
    if (running === own) stop.hidden = true;
  };
  stop.addEventListener("click", () => running?.abort());

  const form = h(
    "form",
    { onsubmit, oninput: onChange },
    inputs.map(({ parameter, input }) => labelled(parameter.name, input, parameter.in, parameter.required === true)),
    body && labelled("Body", body, contentTypeOf(requestBody), requestBody.required === true),
    accept && labelled("Accept", accept, "header", false),
    labelled("Authorization", authorization, "header", false),
    h("div.buttons", {}, send, stop),
  );
  const element = h("section.try", { "aria-label": "Try it" }, h("h3", {}, "Try it"), form, response);
  return { element, request, authorization: () => authorization.value, stop: () => running?.abort() };
}

/** @param {string} name @param {any} input @param {string} place @param {boolean} isRequired */
function labelled(name, input, place, isRequired) {
  if (isRequired) input.required = true;
  return h("label", {}, h("span", {}, h("code", {}, name), h("small", {}, isRequired ? `${place}, required` : place)), input);
}

/** @param {any} parameter @param {Contract} contract */
function inputFor(parameter, contract) {
  const schema = contract.follow(parameter.schema ?? {});
  const choices = schema.enum ?? (schema.type === "boolean" ? ["true", "false"] : undefined);
  if (choices !== undefined)
    return h(
      "select",
      { name: parameter.name },
      h("option", { value: "" }, "-"),
      choices.map((/** @type {string} */ one) => h("option", {}, one)),
    );
  const placeholder = parameter.example ?? schema.examples?.[0] ?? (schema.type === "array" ? "a,b" : (schema.format ?? schema.type ?? ""));
  return h("input", { name: parameter.name, type: "text", placeholder, autocomplete: "off", spellcheck: "false" });
}

/** @param {any} requestBody */
function bodyExample(requestBody) {
  const { example } = requestBody.content[contentTypeOf(requestBody)] ?? {};
  const isLines = contentTypeOf(requestBody) === "application/x-ndjson";
  return example === undefined ? "" : JSON.stringify(example, null, isLines ? 0 : 2);
}
