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
 * @param {Entry} entry @param {any[]} parameters with references resolved @param {string[]} framings content types of a stream; empty for a
 * single response @param {Contract} contract @param {() => void} onChange called after each input
 */
export function tryIt(entry, parameters, framings, contract, onChange) {
  const { requestBody } = entry.operation;
  const inputs = parameters.map((parameter) => ({
    key: `${parameter.in} ${parameter.name}`,
    parameter,
    input: inputFor(parameter, contract),
  }));
  const body = requestBody && h("textarea", { name: "body", rows: "8", spellcheck: "false" }, bodyExample(requestBody));
  const accept = framings.length > 0 ? acceptInput(framings) : undefined;
  const authorization = authorizationInput();

  const request = () => {
    const values = {
      parameters: new Map(inputs.map(({ key, input }) => [key, input.value])),
      body: body?.value ?? "",
      accept: accept?.value ?? "",
      authorization: authorization.value,
    };
    return requestOf(entry, parameters, values, contract.origin);
  };
  const sender = senderOf(() => {
    sessionStorage.setItem(REMEMBERED, authorization.value);
    return request();
  });

  const form = h(
    "form",
    { onsubmit: sender.onsubmit, oninput: onChange },
    inputs.map(({ parameter, input }) => labelled(parameter.name, input, parameter.in, parameter.required === true)),
    body && labelled("Body", body, contentTypeOf(requestBody), requestBody.required === true),
    accept && labelled("Accept", accept, "header", false),
    labelled("Authorization", authorization, "header", false),
    sender.buttons,
  );
  const element = h("section.try", { "aria-label": "Try it" }, h("h3", {}, "Try it"), form, sender.response);
  return { element, request, authorization: () => authorization.value, stop: sender.stop };
}

/**
 * The buttons that send a call and stop it, and the element that shows its response. A new call stops the one before.
 *
 * @param {() => import("./request.js").Sendable} request
 */
function senderOf(request) {
  const stopButton = h("button.plain", { type: "button", hidden: true, onclick: () => stop() }, "Stop");
  const response = h("div.result");
  /** @type {AbortController | undefined} */
  let running;
  const stop = () => running?.abort();
  const onsubmit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    stop();
    const own = new AbortController();
    running = own;
    stopButton.hidden = false;
    await showResponse(request(), response, own.signal);
    if (running === own) stopButton.hidden = true;
  };
  const buttons = h("div.buttons", {}, h("button.send", { type: "submit" }, "Send"), stopButton);
  return { onsubmit, buttons, response, stop };
}

/** @param {string[]} framings */
function acceptInput(framings) {
  const options = framings.map((type) => h("option", {}, type));
  const accept = h("select", { name: "accept" }, options);
  accept.value = framings.includes("text/event-stream") ? "text/event-stream" : framings[0];
  return accept;
}

function authorizationInput() {
  const attributes = { name: "authorization", type: "text", placeholder: "Bearer ...", autocomplete: "off", spellcheck: "false" };
  const authorization = h("input", attributes);
  authorization.value = sessionStorage.getItem(REMEMBERED) ?? "";
  return authorization;
}

/** @param {string} name @param {any} input @param {string} position "path", "query", "header" or a content type
 * @param {boolean} isRequired */
function labelled(name, input, position, isRequired) {
  if (isRequired) input.required = true;
  return h("label", {}, h("span", {}, h("code", {}, name), h("small", {}, isRequired ? `${position}, required` : position)), input);
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
