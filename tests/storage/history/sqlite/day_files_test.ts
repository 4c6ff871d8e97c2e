import { DatabaseSync } from "node:sqlite";
import type { Report } from "../../../../protocol/report.ts";
import {
  deletionBlocks,
  maxBlockBytes,
  maxBlockSeconds,
  maxOpenDays,
} from "../../../../storage/history/limits.ts";
import { headBytes } from "../../../../storage/history/record_batch.ts";
import {
  dayOfFileName,
  fileNameOf,
} from "../../../../storage/history/sqlite/day_file.js";
import { DayFiles } from "../../../../storage/history/sqlite/day_files.js";
import { assert, assertEquals, assertThrows } from "../../../assert.ts";
import { at, batchOf, day, reportAt } from "../records.ts";

/** The files of a temporary folder. */
class TestFiles implements Disposable {
  readonly folder: string;
  readonly setAside: string[] = [];
  #files: DayFiles;

  constructor() {
    this.folder = Deno.makeTempDirSync();
    this.#files = this.#open();
  }

  #open(): DayFiles {
    return new DayFiles({
      folder: this.folder,
      headBytes,
      maxBlockNanoseconds: maxBlockSeconds * 1e9,
      maxBlockBytes,
      maxOpenDays,
      deletionBlocks,
    }, (file, name) => this.setAside.push(`${file} ${name}`));
  }

  get files(): DayFiles {
    return this.#files;
  }

  /** Opens them again, as another start of the server does. */
  reopen(): void {
    this.#files.close();
    this.#files = this.#open();
    this.#files.start(day);
  }

  append(reports: readonly Report[], isRetry = false): void {
    const { buffer, bytes } = batchOf(reports);
    this.#files.append(buffer, bytes, isRetry);
  }

  pathOf(other: number): string {
    return `${this.folder}/${fileNameOf(other)}`;
  }

  names(): string[] {
    return [...Deno.readDirSync(this.folder)].map(({ name }) => name).sort();
  }

  /** All lines of a day, in the order of their blocks. */
  lines(other = day): string[] {
    const { blocks, isEnd } = this.#files.read({
      client: "kiwi",
      day: other,
      from: 0,
      to: 86_400e9,
      isNewestFirst: false,
      past: [-1, 0],
      maxBlocks: Infinity,
      maxBytes: Infinity,
    });
    assert(isEnd);
    return blocks.flatMap(({ lines }) =>
      new TextDecoder().decode(lines).split("\n")
    );
  }

  [Symbol.dispose](): void {
    this.#files.close();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** Reads a file, as another program does. */
function query(path: string, sql: string): unknown[] {
  using database = new DatabaseSync(path);
  return database.prepare(sql).all().map((row) => Object.values(row));
}

/** Changes a file, as another program does. */
function change(path: string, sql: string): void {
  using database = new DatabaseSync(path);
  database.exec(sql);
}

Deno.test("a day has one file, whose name says which", () => {
  assertEquals(fileNameOf(day), "2018-03-02.sqlite");
  assertEquals(dayOfFileName("2018-03-02.sqlite"), day);
  for (const name of ["2018-02-30.sqlite", "notes.sqlite", "2018-03-02"]) {
    assertEquals(dayOfFileName(name), undefined, name);
  }
  using test = new TestFiles();
  test.files.start(day);
  test.append([reportAt("kiwi", 0), reportAt("kiwi", -1), reportAt("kiwi", 5)]);
  test.files.close();
  assertEquals(test.names(), ["2018-03-01.sqlite", "2018-03-02.sqlite"]);
  test.reopen();
  assertEquals(test.lines(day - 1), [reportAt("kiwi", -1).line]);
  assertEquals(test.files.state.records, 3);
});

Deno.test("records of a client that are close in time are one row", () => {
  using test = new TestFiles();
  test.files.start(day);
  test.append([
    reportAt("kiwi", 100),
    reportAt("pear", 101),
    reportAt("kiwi", 100 + maxBlockSeconds),
    reportAt("kiwi", 99),
    reportAt("kiwi", 99 + maxBlockSeconds),
  ]);
  test.files.close();
  assertEquals(
    query(test.pathOf(day), "SELECT client, first, last, records FROM blocks"),
    [
      [1, 100e9, 160e9, 2],
      [1, 99e9, 159e9, 2],
      [2, 101e9, 101e9, 1],
    ],
  );
});

/** Two IDs of eight bytes with the same hash; see `hashOf` in `blocks.js`. */
function collidingIds(): [string, string] {
  const mix = (word: string) => {
    const bytes = Uint8Array.from(word, (letter) => letter.charCodeAt(0));
    const value = new DataView(bytes.buffer).getInt32(0, true);
    const hash = Math.imul(day ^ value, 0x9e3779b1);
    return hash ^ hash >>> 15;
  };
  const difference = mix("kiwi") ^ mix("pear");
  const bytes = [0, 8, 16, 24].map((shift) =>
    0x80 ^ (difference >>> shift & 0xff)
  );
  const letters = [0x80, 0x80, 0x80, 0x80];
  const text = (codes: number[]) => String.fromCharCode(...codes);
  return [`kiwi${text(letters)}`, `pear${text(bytes)}`];
}

Deno.test("IDs with equal hashes do not share a row", () => {
  using test = new TestFiles();
  test.files.start(day);
  const [one, other] = collidingIds();
  test.append([one, other, one, other].map((id) => reportAt(id, 5)));
  test.files.close();
  const rows = query(
    test.pathOf(day),
    "SELECT lines FROM blocks JOIN clients ON client = number " +
      "WHERE instr(lines, id) = 0 OR records <> 1",
  );
  assertEquals(rows, []);
});

Deno.test("a row has a limited size", () => {
  using test = new TestFiles();
  test.files.start(day);
  const report = reportAt("x".repeat(1_000), 5);
  test.append(Array.from({ length: 200 }, () => report));
  test.files.close();
  const [[rows, most]] = query(
    test.pathOf(day),
    "SELECT count(*), max(length(lines)) FROM blocks",
  ) as [number, number][];
  assert(rows > 3);
  assert(most <= maxBlockBytes, `${most}`);
});

Deno.test("of many days, few files are open", () => {
  using test = new TestFiles();
  test.files.start(day);
  const reports = Array.from(
    { length: 12 },
    (_, index) => reportAt("kiwi", -index * 86_400),
  );
  test.append(reports);
  const open = test.names().filter((name) => name.endsWith("-wal"));
  assertEquals(open.length, maxOpenDays);
  assertEquals(test.files.state.days.length, 12);
});

Deno.test("a batch that failed at one day is not written twice to another", () => {
  using test = new TestFiles();
  test.files.start(day);
  // The second day cannot be written.
  Deno.mkdirSync(test.pathOf(day - 1));
  const reports = [reportAt("kiwi", 5), reportAt("kiwi", -5)];
  assertThrows(() => test.append(reports), Error, "2018-03-01.sqlite");
  assertThrows(() => test.append(reports, true), Error, "2018-03-01.sqlite");
  Deno.removeSync(test.pathOf(day - 1));
  test.append(reports, true);
  assertEquals(test.lines(), [reports[0].line]);
  assertEquals(test.lines(day - 1), [reports[1].line]);
  // The next batch is another one.
  test.append(reports);
  assertEquals(test.lines().length, 2);
});

Deno.test("a damaged file is named and set aside", () => {
  using test = new TestFiles();
  test.files.start(day);
  test.append([reportAt("kiwi", 5)]);
  test.files.close();
  // Another page than the first one.
  const file = Deno.openSync(test.pathOf(day), { write: true });
  file.seekSync(4096, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(5 * 4096).fill(0xaa));
  file.close();
  test.append([reportAt("kiwi", 6)]);
  assertEquals(test.setAside, [
    "2018-03-02.sqlite 2018-03-02.sqlite.damaged-1",
  ]);
  assertEquals(test.lines(), [reportAt("kiwi", 6).line]);
  test.files.close();
  Deno.writeTextFileSync(test.pathOf(day), "no database ".repeat(1_000));
  test.append([reportAt("kiwi", 7)]);
  assertEquals(test.lines(), [reportAt("kiwi", 7).line]);
  test.files.close();
  assertEquals(test.names(), [
    "2018-03-02.sqlite",
    "2018-03-02.sqlite.damaged-1",
    "2018-03-02.sqlite.damaged-2",
  ]);
});

Deno.test("a file whose creation a kill has interrupted is created again", () => {
  using test = new TestFiles();
  const path = test.pathOf(day);
  const interrupted = `${test.folder}/interrupted`;
  // A small cache writes to the file before the end of the transaction.
  const database = new DatabaseSync(interrupted);
  database.exec("PRAGMA cache_size = 1; BEGIN; CREATE TABLE clients (id)");
  const insert = database.prepare("INSERT INTO clients VALUES (?)");
  for (let id = 0; id < 300; id++) insert.run("x".repeat(900));
  Deno.copyFileSync(interrupted, path);
  Deno.copyFileSync(`${interrupted}-journal`, `${path}-journal`);
  database.close();
  assert(Deno.statSync(path).size > 0);
  test.files.start(day);
  test.append([reportAt("kiwi", 5)]);
  assertEquals(test.lines(), [reportAt("kiwi", 5).record]);
  assertEquals(test.setAside, []);
});

Deno.test("a file that is removed while it is open is created again", () => {
  using test = new TestFiles();
  test.append([reportAt("kiwi", 5)]);
  for (const name of test.names()) Deno.removeSync(`${test.folder}/${name}`);
  test.append([reportAt("kiwi", 6)]);
  assertEquals(test.lines(), [reportAt("kiwi", 6).record]);
  assertEquals(test.files.state.records, 1);
  test.reopen();
  assertEquals(test.lines(), [reportAt("kiwi", 6).record]);
});

Deno.test("retention deletes the files of a history, and no other", () => {
  using test = new TestFiles();
  test.files.start(day);
  test.append([-3, -2, -1].map((days) => reportAt("kiwi", days * 86_400)));
  test.files.close();
  Deno.writeTextFileSync(`${test.folder}/2018-02-26.sqlite`, "by hand");
  change(`${test.folder}/2018-02-25.sqlite`, "CREATE TABLE notes (text)");
  Deno.writeTextFileSync(`${test.folder}/2018-02-01.sqlite.damaged-1`, "");
  test.reopen();
  test.files.retain(day - 1);
  test.files.close();
  assertEquals(test.names(), [
    "2018-02-01.sqlite.damaged-1",
    "2018-02-25.sqlite",
    "2018-02-26.sqlite",
    "2018-03-01.sqlite",
    "2018-03-02.sqlite",
  ]);
});

Deno.test("a file of another program or of a later version is not written", () => {
  using test = new TestFiles();
  change(test.pathOf(day), "CREATE TABLE notes (text)");
  assertThrows(
    () => test.files.start(day),
    Error,
    "2018-03-02.sqlite: another program has written it",
  );
  Deno.removeSync(test.pathOf(day));
  test.files.start(day);
  test.files.close();
  change(test.pathOf(day), "PRAGMA user_version = 2");
  assertThrows(
    () => test.files.start(day),
    Error,
    "2018-03-02.sqlite: its format is 2, and this program has format 1",
  );
});

Deno.test("the bytes of deleted records are not in the files any more", async () => {
  using test = new TestFiles();
  test.files.start(day);
  const secret = "secret.example";
  test.append([
    ...Array.from({ length: 3_000 }, (_, i) => reportAt(secret, i * 20)),
    reportAt("kiwi", 5),
  ]);
  let pauses = 0;
  const { deleted, partly } = await test.files.forget(
    secret,
    at(70_000).seconds,
    () => {
      pauses += 1;
      return Promise.resolve();
    },
  );
  test.files.endDeletion(secret);
  assertEquals([deleted, partly], [3_000, []]);
  // Batches were written in between.
  assert(pauses >= 3_000 / 4 / deletionBlocks, `${pauses}`);
  assertEquals(test.files.state.records, 1);
  for (const name of test.names()) {
    const bytes = Deno.readFileSync(`${test.folder}/${name}`);
    assert(!new TextDecoder("latin1").decode(bytes).includes(secret), name);
  }
  assertEquals(test.lines(), [reportAt("kiwi", 5).line]);
});
