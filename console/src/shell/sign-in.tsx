// The page of those who are not signed in. A secret goes from the field into the memory of the tab, and nowhere else.
import { useState } from "preact/hooks";
import { session } from "../data/session.ts";
import { signIn } from "../data/sign-in.ts";
import { useStore } from "../data/store.ts";

export function SignIn() {
  const { state, problem } = useStore(session);
  if (state === "not_served") return <NotServed />;
  if (state === "unreachable") return <Unreachable problem={problem} />;
  return <SecretForm problem={problem} isChecking={state === "checking"} />;
}

function SecretForm({ problem, isChecking }: { readonly problem: string; readonly isChecking: boolean }) {
  const [secret, setSecret] = useState("");
  const submit = (event: Event): void => {
    event.preventDefault();
    void signIn(secret.trim());
    setSecret("");
  };
  return (
    <section class="sign-in" aria-labelledby="sign-in">
      <h1 id="sign-in">Sign in</h1>
      <p>
        Send the admin secret of this gateway, or an API key with the scope <code>admin:viewer</code>, <code>admin:operator</code> or{" "}
        <code>admin:admin</code>. Behind Cloudflare Access you are signed in without one.
      </p>
      <form onSubmit={submit} autocomplete="off">
        <label>
          <span>Secret</span>
          <input
            type="password"
            name="secret"
            autocomplete="off"
            spellcheck={false}
            required
            value={secret}
            onInput={(event) => setSecret(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary" disabled={isChecking || secret.trim() === ""}>
          {isChecking ? "Signing in …" : "Sign in"}
        </button>
      </form>
      <p class="problem" role="alert">
        {problem}
      </p>
      <button type="button" class="ghost" onClick={() => void signIn("")}>
        Go on without a secret
      </button>
      <p class="quiet">The secret stays in the memory of this tab: it is gone when the tab is closed or loaded again.</p>
    </section>
  );
}

function NotServed() {
  return (
    <section class="sign-in">
      <h1>The admin services are off</h1>
      <p>This gateway serves nothing that the console could show. Turn the admin services on in gateway.config.ts:</p>
      <pre>
        <code>{'admin: { secretBinding: "ADMIN_SECRET" },'}</code>
      </pre>
      <p>Then set the secret, and deploy:</p>
      <pre>
        <code>{"npx wrangler secret put ADMIN_SECRET\nnpm run deploy"}</code>
      </pre>
    </section>
  );
}

function Unreachable({ problem }: { readonly problem: string }) {
  const { secret } = useStore(session);
  return (
    <section class="sign-in">
      <h1>The gateway does not respond</h1>
      <p role="alert">{problem}</p>
      <button type="button" class="primary" onClick={() => void signIn(secret)}>
        Try again
      </button>
    </section>
  );
}
