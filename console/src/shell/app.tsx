// The page: navigation at the side, and the view that the URL names, for those who are signed in.
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Skeleton } from "../components/skeleton.tsx";
import { session } from "../data/session.ts";
import { useStore } from "../data/store.ts";
import { usePlace } from "./location.ts";
import { Navigation } from "./navigation.tsx";
import { SignIn } from "./sign-in.tsx";
import { Toasts } from "./toasts.tsx";
import { VIEWS, type ViewEntry } from "./views.ts";

export function App() {
  const { state, secret } = useStore(session);
  const { view } = usePlace();
  const entry = VIEWS.find(({ id }) => id === view) ?? VIEWS[0]!;
  const isFirstCheck = state === "checking" && secret === "";
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the content
      </button>
      <Navigation />
      <main id="main" tabIndex={-1}>
        {state === "signed_in" ? <Loaded key={entry.id} entry={entry} /> : isFirstCheck ? <Skeleton lines={6} /> : <SignIn />}
      </main>
      <Toasts />
    </>
  );
}

function Loaded({ entry }: { readonly entry: ViewEntry }) {
  const [view, setView] = useState<{ readonly View: ComponentType }>();
  const [problem, setProblem] = useState("");
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${entry.title} · Tidegate`;
    entry
      .load()
      .then(setView, () => setProblem("This view could not be loaded. The gateway may have been deployed anew: load the page again."));
  }, [entry]);
  useEffect(() => {
    if (view !== undefined && !isFirst.current) document.getElementById("main")?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [view]);
  if (problem !== "") return <p role="alert">{problem}</p>;
  return view === undefined ? <Skeleton lines={6} /> : <view.View />;
}
