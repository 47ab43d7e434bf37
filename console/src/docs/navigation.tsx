// The navigation on the left: services, their operations, and a search that hides the others.
import { useEffect, useRef, useState } from "preact/hooks";
import { type Contract, methodNameOf, shortName } from "../contract/contract.ts";
import { bestMatch, matching } from "../contract/search.ts";
import { MethodBadge } from "./method-badge.tsx";

/** @param props.current id of the operation that is shown */
export function Navigation({ contract, current }: { readonly contract: Contract | undefined; readonly current: string }) {
  const [isOpen, setOpen] = useState(false);
  const [query, setQuery] = useState("");
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => setOpen(false), [current]);
  useEffect(
    () =>
      onSlash(() => {
        setOpen(true);
        setTimeout(() => search.current?.focus()); // it is not displayed before the next rendering
      }),
    [],
  );
  const shown = matching(contract?.services ?? [], query);
  const onKeyDown = (event: KeyboardEvent): void => {
    const best = event.key === "Enter" ? bestMatch(contract?.services ?? [], query) : undefined;
    if (best !== undefined) location.hash = best.id;
  };
  return (
    <header class={isOpen ? "side open" : "side"}>
      <div class="brand">
        <a href="#overview" class="name">
          <img src="/_tidegate/icon.svg" alt="" width={22} height={22} />
          <span id="title">{contract?.info.title ?? "API reference"}</span>
        </a>
        <button type="button" id="menu" class="small" aria-expanded={isOpen} aria-controls="contents" onClick={() => setOpen(!isOpen)}>
          Contents
        </button>
      </div>
      <div id="contents" class="contents">
        <label class="search">
          <span class="hidden">Search operations</span>
          <input
            id="search"
            type="search"
            placeholder="Search"
            autocomplete="off"
            spellcheck={false}
            ref={search}
            value={query}
            onInput={({ currentTarget }) => setQuery(currentTarget.value)}
            onKeyDown={onKeyDown}
          />
          <kbd>/</kbd>
        </label>
        <nav id="navigation" aria-label="Operations">
          {shown.map((service) => (
            <Section service={service} current={current} />
          ))}
          {contract !== undefined && shown.length === 0 && <p class="quiet">Nothing found.</p>}
        </nav>
        <p class="source">
          <a href="/openapi.json">openapi.json</a>
        </p>
      </div>
    </header>
  );
}

function Section({ service, current }: { readonly service: Contract["services"][number]; readonly current: string }) {
  return (
    <section>
      <h2 title={service.name}>{shortName(service.name)}</h2>
      <ul>
        {service.entries.map(({ id, path, method, operation }) => (
          <li>
            <a href={`#${id}`} title={path} aria-current={id === current ? "page" : undefined}>
              <MethodBadge method={method} />
              <span>{methodNameOf(operation)}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Calls back for the key `/`, except while the user types into a field. @returns a function that ends this */
function onSlash(callback: () => void): () => void {
  const onKeyDown = (event: KeyboardEvent): void => {
    const isTyping = /^(?:INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    callback();
  };
  document.addEventListener("keydown", onKeyDown);
  return () => document.removeEventListener("keydown", onKeyDown);
}
