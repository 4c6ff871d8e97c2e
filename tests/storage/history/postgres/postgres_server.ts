/**
 * A PostgreSQL server for tests, with a folder and a port of its own.
 *
 * @module
 */
import type { ConnectionSettings } from "../../../../storage/history/postgres/connection.ts";
import type { Connection } from "../../../../storage/history/postgres/connection.ts";
import { loadDriver } from "../../../../storage/history/postgres/driver.ts";
import { migrate } from "../../../../storage/history/postgres/migrations.ts";
import type { TlsFiles } from "../../../../runtime/certificates.ts";

/** The owner of the database and of its schema, who may do everything. */
export const owner = { user: "postgres", password: "owner's: password\\" };

/** A server's role, with the rights of `roles.sql`. */
export const writer = { user: "campus", password: "writer's password" };

export const database = "herd";

/** PostgreSQL does not run as root, so another user runs it then. */
const asPostgres = isRoot()
  ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
  : [];

function isRoot(): boolean {
  const { stdout } = new Deno.Command("id", { args: ["-u"] }).outputSync();
  return new TextDecoder().decode(stdout).trim() === "0";
}

/** Where Debian puts the newest version's programs, or nothing. */
function programFolder(): string {
  try {
    const versions = [...Deno.readDirSync("/usr/lib/postgresql")]
      .map(({ name }) => Number(name));
    return `/usr/lib/postgresql/${Math.max(...versions)}/bin/`;
  } catch {
    return "";
  }
}

/** One server, which can be killed and started again. */
export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #isEncrypted: boolean;
  #child: Deno.ChildProcess | undefined;

  private constructor(folder: string, isEncrypted: boolean) {
    this.#folder = folder;
    this.#isEncrypted = isEncrypted;
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = listener.addr.port;
    listener.close();
  }

  /**
   * Creates a cluster with an empty database, and starts its server.
   *
   * @param tls Its certificate; it then takes plain connections too.
   */
  static async create(tls?: TlsFiles): Promise<PostgresServer> {
    const folder = await Deno.makeTempDir({ prefix: "herd-postgres-" });
    const server = new PostgresServer(folder, tls !== undefined);
    await Deno.writeTextFile(`${folder}/password`, owner.password);
    await server.#giveAway();
    await run([
      `${programFolder()}initdb`,
      "--no-sync",
      "--auth=scram-sha-256",
      `--username=${owner.user}`,
      `--pwfile=${folder}/password`,
      "--encoding=UTF8",
      "--locale=C",
      `${folder}/data`,
    ]);
    if (tls !== undefined) {
      await Deno.writeTextFile(`${folder}/server.crt`, tls.certificate);
      await Deno.writeTextFile(`${folder}/server.key`, tls.key, {
        mode: 0o600,
      });
      await server.#giveAway();
    }
    await server.start();
    const connection = await server.connect({ ...owner, database: "postgres" });
    await connection.runScript(`CREATE DATABASE ${database}`);
    await connection.end();
    return server;
  }

  /** Gives the folder to the user who runs the server. */
  async #giveAway(): Promise<void> {
    if (asPostgres.length === 0) return;
    await command("chown", ["-R", "postgres:postgres", this.#folder]);
  }

  /** Starts the server. Resolves when it takes connections. */
  async start(): Promise<void> {
    const tls = this.#isEncrypted
      ? [
        "ssl=on",
        `ssl_cert_file=${this.#folder}/server.crt`,
        `ssl_key_file=${this.#folder}/server.key`,
      ]
      : [];
    const settings = [
      "listen_addresses=127.0.0.1",
      `port=${this.port}`,
      "unix_socket_directories=",
      "shared_buffers=32MB",
      "max_connections=30",
      // A killed process loses nothing that the system has.
      "fsync=off",
      ...tls,
    ].flatMap((setting) => ["-c", setting]);
    const [program, ...args] = [
      ...asPostgres,
      `${programFolder()}postgres`,
      "-D",
      `${this.#folder}/data`,
      ...settings,
    ];
    this.#child = new Deno.Command(program, {
      args,
      cwd: "/",
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    while (true) {
      try {
        const connection = await this.connect({
          ...owner,
          database: "postgres",
        });
        return await connection.end();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Ends the server at once, and all connections to it. */
  async stop(): Promise<void> {
    // An immediate shutdown, after which it recovers at the next start.
    this.#child?.kill("SIGQUIT");
    await this.#child?.status;
    this.#child = undefined;
  }

  /** Freezes the server: connections remain, and nothing answers. */
  async freeze(signal: "SIGSTOP" | "SIGCONT"): Promise<void> {
    const { pid } = this.#child!;
    const { stdout } = await command("ps", ["-o", "pid=", "--ppid", `${pid}`]);
    for (const one of [String(pid), ...stdout.trim().split(/\s+/)]) {
      try {
        Deno.kill(Number(one), signal);
      } catch {
        // A process that has ended meanwhile.
      }
    }
  }

  settings(
    options: Partial<ConnectionSettings> = {},
  ): ConnectionSettings {
    return {
      host: "127.0.0.1",
      port: this.port,
      database,
      isEncrypted: false,
      authority: undefined,
      ...writer,
      ...options,
    };
  }

  /** Connects as the owner by default. */
  async connect(
    options: Partial<ConnectionSettings> = {},
  ): Promise<Connection> {
    const connect = await loadDriver(
      this.settings({ ...owner, ...options }),
      "test",
    );
    return await connect(() => {}, new AbortController().signal);
  }

  /** Applies the migrations, and creates the writer's role. */
  async setUp(): Promise<void> {
    await using connection = disposable(await this.connect());
    await migrate(connection);
    await connection.runScript(await Deno.readTextFile(rolesPath));
    await connection.runScript(
      `CREATE ROLE ${writer.user} LOGIN PASSWORD '${
        writer.password.replace("'", "''")
      }' IN ROLE herd_writer`,
    );
  }

  /** Runs one statement as the owner; gives the rows. */
  async query(text: string): Promise<readonly (readonly (string | null)[])[]> {
    await using connection = disposable(await this.connect());
    return (await connection.run({ text })).rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

const rolesPath = new URL(
  "../../../../storage/history/postgres/roles.sql",
  import.meta.url,
);

/** Ends a connection at the end of a block. */
export function disposable(
  connection: Connection,
): Connection & AsyncDisposable {
  return {
    ...connection,
    [Symbol.asyncDispose]: () => connection.end(),
  };
}

async function run(line: readonly string[]): Promise<void> {
  const [program, ...args] = [...asPostgres, ...line];
  const { stderr, success } = await command(program, args);
  if (!success) throw new Error(`${line[0]}: ${stderr}`);
}

async function command(program: string, args: readonly string[]) {
  const { stderr, stdout, success } = await new Deno.Command(program, {
    args: [...args],
    cwd: "/",
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    success,
    stderr: decoder.decode(stderr),
    stdout: decoder.decode(stdout),
  };
}
