// The views of the console, in the order of the navigation. Each is loaded when it is opened for the first time.
import type { ComponentType } from "preact";

export interface ViewEntry {
  readonly id: string; // in the URL
  readonly title: string;
  readonly question: string; // what it answers
  load(): Promise<{ readonly View: ComponentType }>;
}

export const VIEWS: readonly ViewEntry[] = [
  {
    id: "overview",
    title: "Overview",
    question: "How is the gateway doing?",
    load: () => import("../views/overview/overview.tsx"),
  },
];
