/**
 * A stand-in for Google's legacy Nearby Search: a real HTTP server that a test
 * tells what to answer.
 *
 * @module
 */

/** A server on a free port of this machine. */
export class FakeGoogle implements AsyncDisposable {
  /** The requests that came, as path and query. */
  readonly requests: URL[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(answer: (request: Request) => Response | Promise<Response>) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => {
        this.requests.push(new URL(request.url));
        return answer(request);
      },
    );
  }

  /** The address to give as --places-url. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/nearbysearch/json`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** A body as Google prints it, with so many results. */
export function googleBody(count: number, status = "OK"): string {
  const results = Array.from(
    { length: count },
    (_, index) =>
      `      {\n         "name" : "Caf\u00e9 ${index + 1}"\n      }`,
  ).join(",\n");
  const list = count === 0 ? "[]" : `[\n${results}\n   ]`;
  return `{
   "html_attributions" : [],
   "results" : ${list},
   "status" : "${status}"
}
`;
}
