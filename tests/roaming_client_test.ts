import {
  DisconnectedError,
  HerdClient,
  InvalidCommandError,
  RoamingClient,
} from "../mod.ts";
import { assert, assertEquals, assertRejects } from "./assert.ts";
import { authority } from "./fakes/certificates.ts";

const position = "+34.068930-118.445127";

/** A server of the tests' own: hears lines, and does with each as it is told. */
class FakeServer implements AsyncDisposable {
  readonly heard: string[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections: Deno.TcpConn[] = [];
  readonly #serving: Promise<void>;

  /** @param answer What to say to a line; without it, nothing ever. */
  constructor(answer?: (line: string) => string | "close") {
    this.#serving = this.#serve(answer);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** How often somebody has connected. */
  get connections(): number {
    return this.#connections.length;
  }

  /** Is gone, with all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#listener.close();
    } catch {
      // It is gone already.
    }
    await this.#serving;
  }

  async #serve(answer?: (line: string) => string): Promise<void> {
    const talks: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#connections.push(connection);
      talks.push(this.#talk(connection, answer));
    }
    for (const connection of this.#connections) {
      try {
        connection.close();
      } catch {
        // The talk has ended before.
      }
    }
    await Promise.all(talks);
  }

  async #talk(
    connection: Deno.TcpConn,
    answer?: (line: string) => string,
  ): Promise<void> {
    const buffer = new Uint8Array(1024);
    try {
      let count;
      while ((count = await connection.read(buffer)) !== null) {
        const text = new TextDecoder().decode(buffer.subarray(0, count));
        for (const line of text.split("\n").slice(0, -1)) {
          this.heard.push(line);
          const said = answer?.(line);
          if (said === "close") return connection.close();
          if (said === undefined) continue;
          await connection.write(new TextEncoder().encode(said));
        }
      }
      connection.close();
    } catch {
      // The test is over.
    }
  }
}

const answerAs = (server: string) => (line: string) => {
  const [verb, client, ...operands] = line.split(" ");
  if (verb === "WHATSAT") return `? ${line}\n`;
  return `AT ${server} +0.100000000 ${client} ${operands.join(" ")}\n`;
};

/** A port where nobody listens. */
function deadPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("RoamingClient stays with a server that answers", async () => {
  await using hill = new FakeServer(answerAs("Hill"));
  await using smith = new FakeServer(answerAs("Smith"));
  await using herd = new RoamingClient([hill, smith]);
  for (const client of ["a", "b", "c"]) {
    assertEquals((await herd.iamat({ client, position })).server, "Hill");
  }
  assertEquals([hill.connections, smith.connections], [1, 0]);
});

Deno.test("RoamingClient says it again to the next server, with the same time", async () => {
  await using closer = new FakeServer(() => "close");
  await using smith = new FakeServer(answerAs("Smith"));
  await using herd = new RoamingClient([
    { port: deadPort() },
    closer,
    smith,
  ]);
  const at = await herd.iamat({ client: "kiwi", position });
  assertEquals(at.server, "Smith");
  assertEquals(closer.heard.length, 1);
  assertEquals(closer.heard, smith.heard);
  await herd.iamat({ client: "pear", position });
  assertEquals([closer.connections, smith.connections], [1, 1]);
});

Deno.test("RoamingClient goes round when its server goes", async () => {
  const hill = new FakeServer(answerAs("Hill"));
  await using smith = new FakeServer(answerAs("Smith"));
  await using herd = new RoamingClient([hill, smith]);
  assertEquals((await herd.iamat({ client: "a", position })).server, "Hill");
  await hill[Symbol.asyncDispose]();
  // Many at once go to one new connection.
  const answers = await Promise.all(
    ["b", "c", "d", "e"].map((client) => herd.iamat({ client, position })),
  );
  assertEquals(answers.map(({ server }) => server), Array(4).fill("Smith"));
  assertEquals(smith.connections, 1);
});

Deno.test("RoamingClient connects again where there is one server", async () => {
  let lines = 0;
  const answer = answerAs("Hill");
  await using hill = new FakeServer((line) =>
    ++lines === 2 ? "close" : answer(line)
  );
  await using herd = new RoamingClient([hill]);
  await herd.iamat({ client: "a", position });
  await herd.iamat({ client: "b", position });
  assertEquals([hill.connections, lines], [2, 3]);
});

Deno.test("RoamingClient leaves a server that is silent", async () => {
  await using frozen = new FakeServer();
  await using smith = new FakeServer(answerAs("Smith"));
  await using herd = new RoamingClient([
    { port: frozen.port, timeoutMs: 50 },
    smith,
  ]);
  const at = await herd.iamat({ client: "kiwi", position });
  assertEquals([at.server, frozen.heard], ["Smith", smith.heard]);
});

Deno.test("RoamingClient says who did not answer, and what will not be otherwise elsewhere", async () => {
  await using smith = new FakeServer(answerAs("Smith"));
  const dead = deadPort();
  {
    await using herd = new RoamingClient([{ port: dead }]);
    const error = await assertRejects(
      () => herd.iamat({ client: "kiwi", position }),
      DisconnectedError,
      `no server answers: 127.0.0.1:${dead}: `,
    );
    assert(error instanceof Error && !error.message.includes(";"), "once");
  }
  await using herd = new RoamingClient([smith, { port: dead }]);
  await assertRejects(
    () => herd.iamat({ client: "two words", position }),
    RangeError,
  );
  await assertRejects(
    () => herd.whatsat({ client: "nobody", radiusKm: 1, bound: 1 }),
    InvalidCommandError,
  );
  assertEquals(smith.connections, 1);
});

Deno.test("HerdClient gives a server up that takes too long", async () => {
  await using frozen = new FakeServer();
  const { port } = frozen;
  const client = await HerdClient.connect({ port, timeoutMs: 50 });
  const late = "the server did not answer within 50 ms";
  await assertRejects(
    () => client.iamat({ client: "kiwi", position }),
    DisconnectedError,
    late,
  );
  await assertRejects(
    () => client.iamat({ client: "kiwi", position }),
    DisconnectedError,
    late,
  );
  await client.close();
  await assertRejects(
    () => HerdClient.connect({ port, timeoutMs: 50, tlsAuthority: authority }),
    DisconnectedError,
    late,
  );
});
