// Creates elements without parsing HTML, so that text from a proto comment cannot become a script.

/**
 * @param {string} tag a name, with classes after dots: `p.quiet`
 * @param {Record<string, any>} attributes `on...` are listeners; undefined and false are left out
 * @param {...any} children nodes, texts, or lists of them; null and undefined are left out
 * @returns {any} an element
 */
export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length > 0) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat(3).filter((child) => child !== undefined && child !== null));
  return element;
}

/** @param {string} [text] markdown of comments: paragraphs, lists, `code` and **strong** */
export function prose(text) {
  const blocks = (text ?? "").split(/\n\s*\n/).filter((block) => block.trim() !== "");
  return blocks.map((block) => {
    const items = block.split(/\n(?=- )|^(?=- )/m).filter((item) => item.startsWith("- "));
    if (items.length === 0) return h("p", {}, inline(block));
    return h(
      "ul",
      {},
      items.map((item) => h("li", {}, inline(item.slice(2)))),
    );
  });
}

/** @param {string} text */
export function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.length > 2 && part.startsWith("`")) return h("code", {}, part.slice(1, -1));
    if (part.length > 4 && part.startsWith("**")) return h("strong", {}, part.slice(2, -2));
    return part.replaceAll("\n", " ");
  });
}

/** A button that copies the present value of `text`. @param {() => string} text */
export function copyButton(text) {
  const button = h("button.plain.copy", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Cannot copy";
    }
    setTimeout(() => {
      button.textContent = "Copy";
    }, 1500);
  });
  return button;
}
