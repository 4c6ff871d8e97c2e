import { DatabaseSync } from "node:sqlite";
import { backUp } from "../../storage/backup/back_up.ts";
import { manifestName, parseManifest } from "../../storage/backup/manifest.ts";
import { restore } from "../../storage/backup/restore.ts";
import { SetupError } from "../../runtime/setup_error.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";

const time = "2026-12-01T12:00:00.000Z";

/** A folder with the data of Hill and Smith, which a test removes. */
class DataFolders implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "backup-" });
  readonly data = `${this.path}/data`;
  readonly backup = `${this.path}/backup`;

  constructor() {
    this.write("Hill/snapshot-3", "snapshot 3\n");
    this.write("Hill/tail-3", "one\ntwo\nthr");
    this.write("Hill/tail-2", "old\n");
    this.write("Hill/lock", "");
    this.write("Smith/tail-1", "");
    Deno.mkdirSync(`${this.data}/Hill/history`);
    using database = this.openDay();
    database.exec(
      "PRAGMA journal_mode = WAL; PRAGMA user_version = 7;" +
        "CREATE TABLE t (a); INSERT INTO t VALUES (1)",
    );
  }

  openDay(folder = this.data): DatabaseSync {
    return new DatabaseSync(`${folder}/Hill/history/2026-12-01.sqlite`);
  }

  write(path: string, text: string): void {
    const full = `${this.data}/${path}`;
    Deno.mkdirSync(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(full, text);
  }

  /** The files of a folder, with their contents but for those of SQLite. */
  read(folder: string): Record<string, string> {
    const files: Record<string, string> = {};
    const walk = (path: string) => {
      for (const { isDirectory, name } of Deno.readDirSync(path)) {
        const full = `${path}/${name}`;
        if (isDirectory) walk(full);
        else if (name !== manifestName) {
          files[full.slice(folder.length + 1)] = name.endsWith(".sqlite")
            ? "SQLite"
            : Deno.readTextFileSync(full);
        }
      }
    };
    walk(folder);
    return files;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

const content = {
  "Hill/snapshot-3": "snapshot 3\n",
  "Hill/tail-3": "one\ntwo\n",
  "Hill/history/2026-12-01.sqlite": "SQLite",
  "Smith/tail-1": "",
};

Deno.test("a backup has the files that a start would read, and only whole lines of them", async () => {
  using folders = new DataFolders();
  const { backup, data } = folders;
  // A server has the file open, and a transaction that is not committed.
  using writer = folders.openDay();
  writer.exec("INSERT INTO t VALUES (2); BEGIN; INSERT INTO t VALUES (3)");
  const files = await backUp({ from: data, to: backup, time });
  assertEquals(files.map(({ path }) => path), Object.keys(content));
  assertEquals(folders.read(backup), content);
  using copy = folders.openDay(backup);
  assertEquals(copy.prepare("SELECT sum(a) AS sum FROM t").get()?.sum, 3);
  assertEquals(copy.prepare("PRAGMA user_version").get()?.user_version, 7);
  const mode = Deno.statSync(`${backup}/Hill/tail-3`).mode! & 0o777;
  if (Deno.build.os !== "windows") assertEquals(mode, 0o600);
});

Deno.test("a backup begins again when a server replaces its files", async () => {
  using folders = new DataFolders();
  const { backup, data } = folders;
  let replaced = false;
  await backUp({
    from: data,
    to: backup,
    time,
    onFile(path) {
      if (path !== "Hill/tail-3" || replaced) return;
      replaced = true;
      folders.write("Hill/snapshot-4", "snapshot 4\n");
      folders.write("Hill/tail-4", "four\n");
      Deno.removeSync(`${data}/Hill/tail-3`);
      Deno.removeSync(`${data}/Hill/snapshot-3`);
    },
  });
  assert(replaced);
  assertEquals(folders.read(backup), {
    "Hill/snapshot-4": "snapshot 4\n",
    "Hill/tail-4": "four\n",
    "Hill/history/2026-12-01.sqlite": "SQLite",
    "Smith/tail-1": "",
  });
});

Deno.test("restore puts back what was backed up, of all servers or of some", async () => {
  using folders = new DataFolders();
  const { backup, data, path } = folders;
  await backUp({ from: data, to: backup, time });
  const all = `${path}/all`;
  const manifest = await restore({ from: backup, to: all });
  assertEquals(manifest.time, time);
  assertEquals(folders.read(all), content);
  const some = `${path}/some`;
  await restore({ from: backup, to: some, servers: ["Smith"] });
  assertEquals(folders.read(some), { "Smith/tail-1": "" });
});

Deno.test("backup and restore overwrite nothing, and say what is wrong", async () => {
  using folders = new DataFolders();
  const { backup, data, path } = folders;
  const refused = async (run: () => Promise<unknown>, text: string) => {
    const { message } = await assertRejects(run, SetupError);
    assert(message.includes(text), message);
  };
  await refused(
    () => restore({ from: path, to: `${path}/a` }),
    `${path}/${manifestName} is missing: the backup is not complete`,
  );
  await backUp({ from: data, to: backup, time });
  await refused(
    () => backUp({ from: data, to: backup, time }),
    `${backup} has a file already: `,
  );
  await refused(
    () => restore({ from: backup, to: data, servers: ["Smith"] }),
    `${data}/Smith has a file already: tail-1`,
  );
  await refused(
    () => restore({ from: backup, to: `${path}/a`, servers: ["Hall"] }),
    "has no server Hall; it has Hill, Smith",
  );
  await refused(
    () => backUp({ from: data, to: `${path}/b`, servers: ["Hall"], time }),
    `${data}/Hall: `,
  );
  await refused(
    () => backUp({ from: `${data}/none`, to: `${path}/c`, time }),
    `${data}/none: `,
  );
  Deno.writeTextFileSync(`${backup}/Hill/tail-3`, "one\ntwa\n");
  await refused(
    () => restore({ from: backup, to: `${path}/d` }),
    `${backup}/Hill/tail-3 is not what was backed up`,
  );
  assertEquals(folders.read(`${path}/d`)["Hill/tail-3"], undefined);
  Deno.removeSync(`${backup}/Hill/tail-3`);
  await refused(
    () => restore({ from: backup, to: `${path}/e` }),
    `${backup}/Hill/tail-3: `,
  );
});

Deno.test({
  name: "a list with paths that leave a folder is no list of a backup",
  permissions: "none",
  fn() {
    const listOf = (path: unknown, written: unknown = time) =>
      JSON.stringify({
        version: 1,
        time: written,
        files: [{ path, bytes: 1, sha256: "0".repeat(64) }],
      });
    for (const path of ["Hill/tail-1", "Hill/history/2026-12-01.sqlite"]) {
      assert(parseManifest(listOf(path)) !== undefined, path);
    }
    for (
      const path of [
        "tail-1",
        "../Hill/tail-1",
        "Hill/../tail-1",
        "/etc/passwd",
        "Hill\\tail-1/a",
        "Hill/a/b/c",
        "",
      ]
    ) {
      assertEquals(parseManifest(listOf(path)), undefined, path);
    }
    assertEquals(parseManifest(listOf(["Hill/tail-1"])), undefined);
    for (const written of ["\x1b[2J", null, 5]) {
      assertEquals(parseManifest(listOf("Hill/tail-1", written)), undefined);
    }
    assertEquals(parseManifest("{"), undefined);
    assertEquals(parseManifest('{"version":2,"files":[]}'), undefined);
  },
});
