// Builds a request from the values of the form, for the button that sends it and for the code samples.

/**
 * @typedef {import("./contract.js").Entry} Entry
 * @typedef {{ parameters: Map<string, string>, body: string, accept: string, authorization: string }} Values parameters by `in` and
 * name: `query pageSize`
 * @typedef {{ method: string, url: string, headers: [string, string][], body: string | undefined }} Sendable
 */

/** @param {Entry} entry @param {any[]} parameters followed @param {Values} values @param {string} origin @returns {Sendable} */
export function requestOf(entry, parameters, values, origin) {
  let path = entry.path;
  const query = new URLSearchParams();
  /** @type {[string, string][]} */
  const headers = [];
  for (const parameter of parameters) {
    const { name, in: place, schema = {} } = parameter;
    const value = values.parameters.get(`${place} ${name}`) ?? "";
    if (place === "path")
      path = path.replace(`{${name}}`, () => (value === "" ? `{${name}}` : encoded(value, parameter["x-multi-segment"] === true)));
    else if (value === "") continue;
    else if (place === "header") headers.push([name, value]);
    else for (const one of schema.type === "array" ? value.split(",") : [value]) query.append(name, one.trim());
  }
  const body = entry.operation.requestBody === undefined ? undefined : values.body;
  if (body !== undefined) headers.push(["Content-Type", contentTypeOf(entry.operation.requestBody)]);
  if (values.accept !== "") headers.push(["Accept", values.accept]);
  if (values.authorization !== "") headers.push(["Authorization", values.authorization]);
  const search = query.toString();
  return { method: entry.method, url: `${origin}${path}${search === "" ? "" : `?${search}`}`, headers, body };
}

/** @param {Sendable} request @param {boolean} isStream */
export function curlOf({ method, url, headers, body }, isStream) {
  const isPlain = (method === "GET" && body === undefined) || (method === "POST" && body !== undefined);
  const lines = [
    ["curl", isStream ? "-N" : "", isPlain ? "" : `-X ${method}`, quote(url)].filter(Boolean).join(" "),
    ...headers.map(([name, value]) => `  -H ${quote(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`  -d ${quote(compact(body))}`]),
  ];
  return lines.join(" \\\n");
}

/**
 * The same method as a Connect call; a stream needs its message in an envelope with a header of five bytes.
 *
 * @param {Entry} entry @param {string} origin @param {string} authorization
 */
export function connectCurlOf({ operation }, origin, authorization) {
  const { path, kind, example } = operation["x-connect"];
  const message = JSON.stringify(example);
  const auth = authorization === "" ? [] : [`  -H ${quote(`Authorization: ${authorization}`)}`];
  if (kind === "unary") {
    return [`curl ${quote(origin + path)}`, "  -H 'Content-Type: application/json'", ...auth, `  -d ${quote(message)}`].join(" \\\n");
  }
  const size = new TextEncoder().encode(message).length;
  const head = [0, size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255];
  const octal = head.map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  const pipe = `printf '${octal}%s' ${quote(message)} |`;
  return `${pipe}\n${[`curl -N ${quote(origin + path)}`, "  -H 'Content-Type: application/connect+json'", ...auth, "  --data-binary @-"].join(" \\\n")}`;
}

/** A raw body may have any content type; text from the form is sent as text. @param {any} requestBody */
export function contentTypeOf(requestBody) {
  const [type] = Object.keys(requestBody.content);
  return type === "*/*" ? "text/plain" : type;
}

/** @param {string} value @param {boolean} hasSegments */
function encoded(value, hasSegments) {
  return hasSegments ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value);
}

/** @param {string} json */
function compact(json) {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    return json;
  }
}

/** Quotes text for a POSIX shell. @param {string} text */
function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
