// The page: loads the document, then shows the operation named in the hash of the address.
import { loadContract } from "./contract.js";
import { h } from "./dom.js";
import { overview, showNavigation } from "./navigation.js";
import { operationView } from "./operation.js";

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
let leave = () => {};

try {
  const contract = await loadContract();
  const navigation = showNavigation(contract);
  const title = /** @type {HTMLElement} */ (document.getElementById("title"));
  title.textContent = contract.info.title;

  const show = (/** @type {boolean} */ isFirst) => {
    const id = decodeURIComponent(location.hash.slice(1));
    if (id === "main") return; // the link that skips to the content
    leave();
    const entry = contract.entries.get(id);
    if (entry === undefined) {
      leave = () => {};
      main.replaceChildren(overview(contract));
    } else {
      const view = operationView(entry, contract);
      leave = view.leave;
      main.replaceChildren(view.element);
    }
    navigation.mark(id);
    document.title = entry === undefined ? `${contract.info.title} API reference` : `${entry.operation.summary} · ${contract.info.title}`;
    if (isFirst) return;
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
  };
  window.addEventListener("hashchange", () => show(false));
  show(true);
} catch (error) {
  main.replaceChildren(h("p.loading", {}, `Cannot load the reference: ${error instanceof Error ? error.message : error}.`));
}
