// A fetch for bodies that a server refuses before it has read them whole.

/** Of a connection that the server has closed while the request was being sent. */
const CLOSED: ReadonlySet<string> = new Set(["EPIPE", "ECONNRESET", "UND_ERR_SOCKET"]);

/**
 * Sends a request, and sends it again where the connection was closed under it.
 *
 * A server that refuses a long body responds and closes the connection; workerd reads 64 KiB more before it does. A client that is still
 * sending may then get a reset before it has read the response, which is a property of TCP and no outcome of the call.
 *
 * @param request makes the request; called once for each time that it is sent, at most five times
 */
export async function sendAgain(request: () => Promise<Response>): Promise<Response> {
  for (let sent = 1; ; sent++) {
    try {
      return await request();
    } catch (error) {
      if (sent === 5 || !CLOSED.has(codeOfCause(error))) throw error;
    }
  }
}

function codeOfCause(error: unknown): string {
  const { cause } = error as { readonly cause?: { readonly code?: string } };
  return cause?.code ?? "";
}
