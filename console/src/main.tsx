// Entry point of the console. Its parts are evaluated one after the other, so that no task holds the page up for long.
import { options, render } from "preact";

const nextTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

// A message is decoded in one task, and drawn in the next one.
options.debounceRendering = (draw) => void setTimeout(draw);

await nextTask();
const { signIn } = await import("./data/sign-in.ts");
await nextTask();
const { App } = await import("./shell/app.tsx");
const { followLocation } = await import("./shell/location.ts");
await nextTask();
followLocation();
render(<App />, document.body);
await nextTask();
void signIn("");
