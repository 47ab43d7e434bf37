// The side of the page: views, who is signed in, and light or dark.
import { useEffect, useState } from "preact/hooks";
import { session } from "../data/session.ts";
import { signOut } from "../data/sign-in.ts";
import { useStore } from "../data/store.ts";
import { linkTo, usePlace } from "./location.ts";
import { useTheme } from "./theme.ts";
import { VIEWS } from "./views.ts";

export function Navigation() {
  const { view } = usePlace();
  const [isOpen, setOpen] = useState(false);
  const { state } = useStore(session);
  const current = view === "" ? VIEWS[0]!.id : view;
  // Another view closes the menu of narrow pages.
  useEffect(() => setOpen(false), [view]);
  return (
    <header class={isOpen ? "side open" : "side"}>
      <div class="brand">
        <a class="name" href={linkTo("overview")}>
          <img src="/_tidegate/icon.svg" alt="" width="22" height="22" />
          Tidegate
        </a>
        <button type="button" class="menu" aria-expanded={isOpen} aria-controls="contents" onClick={() => setOpen(!isOpen)}>
          Menu
        </button>
      </div>
      <div id="contents" class="contents">
        {state === "signed_in" && (
          <nav aria-label="Views">
            <ul>
              {VIEWS.map(({ id, title }) => (
                <li key={id}>
                  <a href={linkTo(id)} aria-current={id === current ? "page" : undefined}>
                    {title}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
        )}
        <div class="foot">
          <a href="/docs/">API reference</a>
          <ThemeSwitch />
          <Identity />
        </div>
      </div>
    </header>
  );
}

function ThemeSwitch() {
  const [isDark, toggle] = useTheme();
  return (
    <button type="button" class="ghost theme" onClick={toggle}>
      {isDark ? "Light theme" : "Dark theme"}
    </button>
  );
}

function Identity() {
  const { state, identity, role, secret } = useStore(session);
  if (state !== "signed_in") return null;
  return (
    <div class="identity">
      <span class="who" title={identity}>
        {identity === "" ? SIGNED_IN_LOCALLY : identity.replace(/^secret:/, "")}
      </span>
      <span class="badge">{role}</span>
      <button type="button" class="ghost" onClick={signOut}>
        {secret === "" ? "Sign in with a secret" : "Sign out"}
      </button>
    </div>
  );
}

const SIGNED_IN_LOCALLY = "this machine";
