// The navigation on the left: services, their operations, and a search that hides the others.

import { shortName } from "./contract.js";
import { h, inline } from "./dom.js";
import { methodBadge } from "./operation.js";

/** @typedef {import("./contract.js").Contract} Contract */

/**
 * @typedef {{ id: string, words: string, link: any, item: any }} Link an operation; `words` is the text for the search, in lower case
 * @typedef {{ links: Link[], element: any }} Section a service
 */

/** @param {Contract} contract @returns {{ mark: (id: string) => void }} `mark` shows which operation is open */
export function showNavigation(contract) {
  const menu = /** @type {any} */ (document.getElementById("menu"));
  const search = /** @type {any} */ (document.getElementById("search"));
  const navigation = /** @type {any} */ (document.getElementById("navigation"));
  const sections = contract.services.map(sectionOf);
  const nothing = h("p.quiet", { hidden: true }, "Nothing found.");
  navigation.replaceChildren(...sections.map(({ element }) => element), nothing);

  const open = (/** @type {boolean} */ isOpen) => {
    menu.setAttribute("aria-expanded", String(isOpen));
    document.body.classList.toggle("open", isOpen);
  };
  menu.addEventListener("click", () => open(menu.getAttribute("aria-expanded") !== "true"));
  connectSearch(search, sections, nothing);
  onSlash(() => {
    open(true);
    search.focus();
  });
  return {
    mark(id) {
      open(false);
      for (const { links } of sections) {
        for (const { id: own, link } of links) {
          if (own === id) link.setAttribute("aria-current", "page");
          else link.removeAttribute("aria-current");
        }
      }
    },
  };
}

/** @param {Contract["services"][number]} service @returns {Section} */
function sectionOf({ name, entries }) {
  const links = entries.map((entry) => {
    const { id, method, path, operation } = entry;
    const link = h("a", { href: `#${id}`, title: path }, methodBadge(method), h("span", {}, nameOf(operation)));
    return { id, words: `${method} ${path} ${id} ${operation.summary} ${name}`.toLowerCase(), link, item: h("li", {}, link) };
  });
  const items = links.map(({ item }) => item);
  return { links, element: h("section", {}, h("h2", { title: name }, shortName(name)), h("ul", {}, items)) };
}

/**
 * The search hides operations without all of its words; Enter opens the best match.
 *
 * @param {any} search its input @param {Section[]} sections @param {any} nothing shown where no operation matches
 */
function connectSearch(search, sections, nothing) {
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let matches = 0;
    for (const { links, element } of sections) {
      for (const { item, words: own } of links) item.hidden = !words.every((/** @type {string} */ word) => own.includes(word));
      const shown = links.filter(({ item }) => !item.hidden).length;
      element.hidden = shown === 0;
      matches += shown;
    }
    nothing.hidden = matches > 0;
  });
  search.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter") return;
    const shown = sections.flatMap(({ links }) => links).filter(({ item }) => !item.hidden);
    const wanted = search.value.trim().toLowerCase();
    // A match in the name has precedence over one in the text.
    const best = shown.find(({ id }) => id.toLowerCase().includes(wanted)) ?? shown[0];
    if (best !== undefined) location.hash = best.id;
  });
}

/** Calls back for the key `/`, except while the user types into a field. @param {() => void} callback */
function onSlash(callback) {
  document.addEventListener("keydown", (event) => {
    const isTyping = /^(?:INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    callback();
  });
}

/** @param {Contract} contract */
export function overview(contract) {
  const services = contract.services.map(({ name, description, entries }) =>
    h(
      "section",
      {},
      h("h2", {}, shortName(name), h("small", {}, name)),
      description ? h("p", {}, inline(description)) : null,
      h(
        "ul.index",
        {},
        entries.map(({ id, method, path, operation }) =>
          h("li", {}, h("a", { href: `#${id}` }, methodBadge(method), h("code", {}, path), h("span", {}, inline(operation.summary)))),
        ),
      ),
    ),
  );
  const { title, description, version } = contract.info;
  return h(
    "article",
    {},
    h("p.crumb", {}, `Version ${version}`),
    h("h1", {}, title),
    description ? h("p.lead", {}, inline(description)) : null,
    h("p.quiet", {}, "Base address ", h("code", {}, contract.origin)),
    services,
  );
}

/** The name of the method in the proto, such as `ListOrders`; further rules of a method have a number. @param {any} operation */
function nameOf(operation) {
  const [, name = operation.operationId, count] = /_([A-Za-z0-9]+?)(?:_(\d+))?$/.exec(operation.operationId) ?? [];
  return count === undefined ? name : `${name} (${count})`;
}
