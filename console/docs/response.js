// Sends one call and shows its response: status, time and headers at once, the body while it arrives.
import { copyButton, h } from "./dom.js";

const MAX_SHOWN = 200_000; // characters; only the end of a longer body is shown

/** @typedef {import("./request.js").Sendable} Sendable */

/**
 * Sends a request and shows its response.
 *
 * @param {Sendable} request @param {HTMLElement} container its content is replaced @param {AbortSignal} signal
 */
export async function showResponse({ method, url, headers, body }, container, signal) {
  const startedAt = performance.now();
  const elapsed = () => `${Math.round(performance.now() - startedAt)} ms`;
  const line = h("p.status", { role: "status" }, "Waiting ...");
  const text = h("code");
  let shown = "";
  container.replaceChildren(line);
  try {
    const response = await fetch(url, { method, headers, body, signal, cache: "no-store", credentials: "same-origin" });
    const badge = h(response.ok ? "strong.good" : "strong.bad", {}, `${response.status} ${response.statusText}`.trim());
    const time = h("span.quiet", {}, elapsed());
    line.replaceChildren(badge, time);
    const fields = [...response.headers].map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
    const pre = h("pre.body", { tabindex: "0", "aria-label": "Response body" }, text);
    const bar = h(
      "div.bar",
      {},
      h("span.quiet", {}, "Body"),
      copyButton(() => shown),
    );
    container.append(h("details.headers", {}, h("summary", {}, `${fields.length} headers`), h("dl", {}, fields)), bar, pre);

    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let chunk = await reader?.read(); chunk !== undefined && !chunk.done; chunk = await reader?.read()) {
      shown = (shown + chunk.value).slice(-MAX_SHOWN);
      const isAtEnd = pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 4;
      text.textContent = shown;
      if (isAtEnd) pre.scrollTop = pre.scrollHeight;
    }
    time.textContent = elapsed();
    shown = pretty(shown);
    text.textContent = shown === "" ? "(empty)" : shown;
  } catch (error) {
    const problem = signal.aborted ? `Stopped after ${elapsed()}` : `No response: ${error instanceof Error ? error.message : error}`;
    if (signal.aborted && line.firstElementChild !== null) line.append(h("span.quiet", {}, "stopped"));
    else line.replaceChildren(h("strong.bad", {}, problem));
  }
}

/** @param {string} text */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
