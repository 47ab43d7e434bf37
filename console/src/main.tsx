// Entry point of the console.
import { render } from "preact";
import { signIn } from "./data/sign-in.ts";
import { App } from "./shell/app.tsx";
import { followLocation } from "./shell/location.ts";

followLocation();
void signIn("");
render(<App />, document.body);
