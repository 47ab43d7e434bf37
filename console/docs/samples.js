// Code samples in tabs; the arrow keys move between them.
import { copyButton, h } from "./dom.js";

/**
 * @param {{ label: string, code: () => string }[]} samples
 * @returns {{ element: any, refresh: () => void }} `refresh` writes them again
 */
export function samplesView(samples) {
  let chosen = 0;
  const code = h("code");
  const panel = h("pre", { role: "tabpanel", id: "sample", tabindex: "0", "aria-labelledby": "sample-0" }, code);
  const tabs = samples.map(({ label }, index) =>
    h("button", { type: "button", role: "tab", id: `sample-${index}`, "aria-controls": "sample", onclick: () => choose(index) }, label),
  );

  function refresh() {
    code.textContent = samples[chosen].code();
  }

  function choose(/** @type {number} */ index) {
    chosen = index;
    for (const [at, tab] of tabs.entries()) {
      tab.setAttribute("aria-selected", String(at === index));
      tab.tabIndex = at === index ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `sample-${index}`);
    refresh();
  }

  const list = h("div.tabs", { role: "tablist", "aria-label": "Samples" }, tabs);
  list.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    choose((chosen + step + tabs.length) % tabs.length);
    tabs[chosen].focus();
  });
  choose(0);
  const element = h(
    "section.samples",
    { "aria-label": "Code samples" },
    h(
      "div.bar",
      {},
      list,
      copyButton(() => samples[chosen].code()),
    ),
    panel,
  );
  return { element, refresh };
}
