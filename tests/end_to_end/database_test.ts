import { writeAll } from "../../runtime/transport.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { needs } from "../needs.ts";
import {
  PostgresServer,
  writer,
} from "../storage/history/postgres/postgres_server.ts";
import {
  connect,
  type Program,
  readUntil,
  TestHerd,
  until,
} from "./process.ts";

const withPostgres = needs("postgres", "ps");

/** A herd with a history in a database. */
class RecordedHerd extends TestHerd {
  readonly dataFolder = `${this.logFolder}/data`;
  readonly #credentials = `${this.logFolder}/passwords`;
  readonly #database: PostgresServer;

  constructor(database: PostgresServer) {
    super();
    this.#database = database;
    Deno.writeTextFileSync(
      this.#credentials,
      `127.0.0.1:${database.port}:herd:${writer.user}:${writer.password}\n`,
    );
  }

  /** Starts a server with only the permissions that it needs. */
  recorded(name: string): Promise<Program> {
    const { port } = this.#database;
    return this.start(
      name,
      [
        "--admin",
        `--data-dir=${this.dataFolder}`,
        `--history=postgres://${writer.user}@127.0.0.1:${port}/herd`,
        `--history-credentials=${this.#credentials}`,
      ],
      {},
      [
        "--no-prompt",
        "--frozen",
        "--allow-net=127.0.0.1",
        `--allow-write=${this.logFolder}`,
        `--allow-read=${this.dataFolder},${this.#credentials}`,
      ],
    );
  }

  /** What an administration port answers. */
  async get(name: string, path: string): Promise<Response> {
    return await fetch(`http://127.0.0.1:${this.adminPortOf(name)}${path}`);
  }

  async history(name: string): Promise<Record<string, unknown>> {
    const { servers: [{ history }] } =
      await (await this.get(name, "/status.json")).json();
    return history;
  }
}

/** A client that sends reports until it is stopped or cut off. */
class Reporter {
  /** When each report was acknowledged. */
  readonly acknowledgedMs: number[] = [];
  readonly #client: string;
  readonly #working: Promise<void>;
  #isStopped = false;

  constructor(port: number, client: string) {
    this.#client = client;
    this.#working = this.#run(port);
  }

  async #run(port: number): Promise<void> {
    using connection = await connect(port);
    try {
      for (let from = 0; !this.#isStopped; from += reportsAtOnce) {
        const lines = Array.from(
          { length: reportsAtOnce },
          (_, index) =>
            `IAMAT ${this.#client} +34-118 ${timeOf(from + index)}\n`,
        );
        await writeAll(connection, lines.join(""));
        await readUntil(
          connection,
          (text) => text.split("\n").length > reportsAtOnce,
        );
        const nowMs = Date.now();
        for (const _ of lines) this.acknowledgedMs.push(nowMs);
      }
    } catch {
      // The server was killed.
    }
  }

  /** Waits until so many more reports are acknowledged. */
  async more(reports: number): Promise<void> {
    const wanted = this.acknowledgedMs.length + reports;
    await until(() => this.acknowledgedMs.length >= wanted);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#working;
  }
}

const reportsAtOnce = 50;

/** The seconds of all reports. Their nanoseconds are their numbers. */
const baseSeconds = Math.floor(Date.now() / 1000);

const timeOf = (number: number) =>
  `${baseSeconds}.${String(number).padStart(9, "0")}`;

/** The numbers of the reports of a client that the database has, in order. */
async function recordedOf(
  database: PostgresServer,
  client: string,
): Promise<number[]> {
  const rows = await database.query(
    `SELECT time_nanoseconds FROM herd.reports
     WHERE client_text = '${client}' ORDER BY time_nanoseconds`,
  );
  return rows.map(([number]) => Number(number));
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** A report is written at most this long after it arrived, in milliseconds. */
const promisedMs = 1_000;

withPostgres.test("a server records in a database that is down, killed and restarted", async (context) => {
  await using database = await PostgresServer.create();
  await database.setUp();
  await database.stop();
  await using herd = new RecordedHerd(database);
  const port = herd.portOf("Hill");
  let server = await herd.recorded("Hill");
  const untilEmpty = () =>
    until(async () => {
      const { spoolBytes, waitingRecords } = await herd.history("Hill");
      return spoolBytes === 0 && waitingRecords === 0;
    });

  await context.step("it is ready while the database is down", async () => {
    // A server without a neighbour is not ready, with or without a database.
    await herd.start("Jaquez");
    await until(async () => await readyStatus(herd) === 200);
    const { fault } = await herd.history("Hill");
    assertStringIncludes(String(fault), "ECONNREFUSED");
  });

  await context.step("each acknowledged report is recorded once", async () => {
    const reporter = new Reporter(port, "once");
    await reporter.more(500);
    for (let restarts = 0; restarts < 2; restarts++) {
      await database.start();
      await reporter.more(500);
      await database.stop();
      await reporter.more(500);
    }
    await reporter.stop();
    await database.start();
    await untilEmpty();
    const accepted = reporter.acknowledgedMs.length;
    assertEquals(await recordedOf(database, "once"), numbers(accepted));
    const state = await herd.history("Hill");
    assertEquals(state.acceptedRecords, accepted);
    assertEquals(state.lostRecords, 0);
    assertEquals(
      Number(state.recordedRecords) + Number(state.knownRecords),
      accepted,
    );
    assertEquals(state.fault, null);
  });

  await context.step(
    "a stop loses nothing while the database is down",
    async () => {
      await database.stop();
      const reporter = new Reporter(port, "stopped");
      await reporter.more(500);
      await reporter.stop();
      server.signal("SIGTERM");
      assertEquals(await server.ended(), 0);
      server = await herd.recorded("Hill");
      await database.start();
      await untilEmpty();
      assertEquals(
        await recordedOf(database, "stopped"),
        numbers(reporter.acknowledgedMs.length),
      );
    },
  );

  await context.step(
    "a kill loses the last second at most, up or down",
    async () => {
      for (const client of ["killed-up", "killed-down"]) {
        if (client === "killed-down") await database.stop();
        const reporter = new Reporter(port, client);
        await until(() => {
          const { acknowledgedMs: [firstMs = Infinity] } = reporter;
          return Date.now() - firstMs > 2 * promisedMs;
        });
        const killedMs = Date.now();
        server.signal("SIGKILL");
        await server.ended();
        await reporter.stop();
        server = await herd.recorded("Hill");
        if (client === "killed-down") await database.start();
        await untilEmpty();
        const recorded = await recordedOf(database, client);
        assertEquals(recorded, numbers(recorded.length));
        const promised = reporter.acknowledgedMs
          .filter((ms) => ms < killedMs - promisedMs).length;
        assert(
          recorded.length >= promised,
          `${client}: ${recorded.length} of ${promised} are recorded`,
        );
      }
    },
  );

  await context.step(
    "FORGET deletes from the database, and says how many",
    async () => {
      const { length } = await recordedOf(database, "once");
      const forget = async () => {
        const response = await fetch(
          `http://127.0.0.1:${herd.adminPortOf("Hill")}/forget?id=once`,
          { method: "POST", headers: { "herd-request": "forget" } },
        );
        return (await response.json()).historyRecords;
      };
      assertEquals(await forget(), length);
      assertEquals(await recordedOf(database, "once"), []);
      // While the database is down, the deletion waits for it.
      const reporter = new Reporter(port, "once");
      await reporter.more(100);
      await reporter.stop();
      await database.stop();
      assertEquals(await forget(), null);
      await database.start();
      await until(async () =>
        (await recordedOf(database, "once")).length === 0
      );
    },
  );

  await context.step("the password is shown nowhere", async () => {
    const texts = [
      herd.log("Hill"),
      await (await herd.get("Hill", "/status.json")).text(),
      await (await herd.get("Hill", "/metrics")).text(),
      await commandLineOf(server),
      server.stderr,
      server.stdout,
    ];
    for (const text of texts) {
      assertEquals(text.includes(writer.password), false);
    }
  });
});

async function readyStatus(herd: RecordedHerd): Promise<number> {
  const response = await herd.get("Hill", "/readyz");
  await response.body?.cancel();
  return response.status;
}

/** The command line of a program, as every user of the machine can see it. */
async function commandLineOf({ pid }: Program): Promise<string> {
  const { stdout } = await new Deno.Command("ps", {
    args: ["-ww", "-o", "args=", "-p", String(pid)],
  }).output();
  const text = new TextDecoder().decode(stdout);
  assertStringIncludes(text, "--history=postgres://");
  return text;
}
