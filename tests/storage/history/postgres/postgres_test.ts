import { bytesOfText, decodeBytes } from "../../../../protocol/bytes.ts";
import { compareReports } from "../../../../protocol/order.ts";
import { parseReport } from "../../../../protocol/report.ts";
import { Random } from "../../../../runtime/random.ts";
import { SetupError } from "../../../../runtime/setup_error.ts";
import { DatabaseError } from "../../../../storage/history/postgres/connection.ts";
import { migrate } from "../../../../storage/history/postgres/migrations.ts";
import { openPostgresHistory } from "../../../../storage/history/postgres/open.ts";
import { assert, assertEquals, assertRejects } from "../../../assert.ts";
import { authority, hill } from "../../../fakes/certificates.ts";
import fc from "../../../fast_check.ts";
import { needs } from "../../../needs.ts";
import { anySeed, assertProperty } from "../../../property.ts";
import { disposable, PostgresServer } from "./postgres_server.ts";
import {
  append,
  countOf,
  now,
  open,
  optionsFor,
  partitions,
  place,
  readAll,
  recordOf,
  temporaryFolder,
  today,
  until,
} from "./real_store.ts";
import { batchOf } from "./store.ts";

const withPostgres = needs("postgres", "ps");

// One server for all, as its start takes seconds.
withPostgres.test("a history in PostgreSQL", async (context) => {
  await using server = await PostgresServer.create(hill);
  const step = async (name: string, run: () => Promise<void>) => {
    await context.step({
      name,
      fn: run,
      // Each step closes the connections that it opens.
    });
  };

  await step("a database without a schema is refused in one line", async () => {
    const error = await assertRejects(
      () => open(server, { user: "postgres", password: "owner's: password\\" }),
      SetupError,
    );
    assertEquals(
      error.message,
      `cannot use ${place}: the database has no schema, and this server needs ` +
        "version 1: run herd database migrate",
    );
  });

  await step("migrations are applied once", async () => {
    await server.setUp();
    await using connection = disposable(await server.connect());
    assertEquals(await migrate(connection), []);
  });

  await step(
    "a wrong password is refused in one line, without it",
    async () => {
      const error = await assertRejects(
        () => open(server, { password: "s3cret" }),
        SetupError,
        'password authentication failed for user "campus"',
      );
      assertEquals(error.message.includes("s3cret"), false);
    },
  );

  await step("records are read as they were written", async () => {
    const store = await open(server);
    try {
      const clients = [
        "plain",
        "nul\0byte",
        "not-\xff\xfe-utf8",
        bytesOfText("Grüße"),
        "back\\slash'quote\"",
        "x".repeat(1_024),
        "y".repeat(2_048),
      ];
      for (const client of clients) {
        const record = recordOf(client, now.seconds, {
          attributes: "accuracy=14,tid=m\xff",
        });
        await append(
          store,
          batchOf(record, recordOf(client, "5.125")),
        );
        // 1970 is no day of a history, but the database does not know that.
        assertEquals(await readAll(store, client), [
          recordOf(client, "5.125"),
          record,
        ]);
      }
      assertEquals(store.state.recordedRecords, 2 * clients.length);
      const [[text]] = await server.query(
        "SELECT client_text FROM herd.newest WHERE client = '\\x6e756c0062797465'",
      );
      assertEquals(text, "nul\\000byte");
    } finally {
      await store.stop();
    }
  });

  await step("times of any size are exact", async () => {
    const store = await open(server);
    try {
      const records = ["0", "0.000000001", "999999999999999.9999999999"]
        .map((time) => recordOf("odd-times", time));
      await append(
        store,
        batchOf(...records),
      );
      assertEquals(await readAll(store, "odd-times"), records);
      assertEquals(
        await server.query(
          `SELECT time_seconds, time_nanoseconds, effective_seconds,
             effective_nanoseconds FROM herd.newest
           WHERE client_text = 'odd-times'`,
        ),
        [["999999999999999", "999999999", `${now.seconds}`, "123456789"]],
      );
    } finally {
      await store.stop();
    }
  });

  await step(
    "an ID that is too long is refused, and the others are not",
    async () => {
      const store = await open(server);
      try {
        await append(
          store,
          batchOf(
            recordOf("before"),
            recordOf("z".repeat(2_049)),
            recordOf("after"),
          ),
        );
        const { recordedRecords, refusedRecords } = store.state;
        assertEquals([recordedRecords, refusedRecords], [2, 1]);
      } finally {
        await store.stop();
      }
    },
  );

  await step(
    "rows that the database refuses are left out, and the others are not",
    async () => {
      await server.query(
        "ALTER TABLE herd.reports ADD CONSTRAINT odd CHECK (latitude <> 13)",
      );
      const store = await open(server);
      try {
        const positions = ["+12+1", "+13+1", "+14+1", "+15+1", "+13+2"];
        await append(
          store,
          batchOf(
            ...positions.map((position, index) =>
              recordOf("refused", index, { position })
            ),
          ),
        );
        const { recordedRecords, refusedRecords } = store.state;
        assertEquals([recordedRecords, refusedRecords], [3, 2]);
      } finally {
        await store.stop();
        await server.query("ALTER TABLE herd.reports DROP CONSTRAINT odd");
      }
    },
  );

  await step("no record is stored twice", async () => {
    const store = await open(server);
    try {
      const records = [1, 2, 3].map((time) => recordOf("twice", time));
      await append(
        store,
        batchOf(...records, records[0]),
      );
      await append(
        store,
        batchOf(...records),
      );
      assertEquals(await countOf(server, "twice"), 3);
      const { knownRecords, recordedRecords } = store.state;
      assertEquals([recordedRecords, knownRecords], [3, 4]);
      assertEquals(await store.add(batchOf(records[0], recordOf("twice", 4))), {
        added: 1,
        known: 1,
      });
    } finally {
      await store.stop();
    }
  });

  await step("the view newest agrees with the servers' order", async () => {
    const store = await open(server);
    const agree = fc.asyncProperty(anySeed, async (seed) => {
      const random = new Random(seed);
      const small = () =>
        `${random.below(3)}${random.pick(["", ".0", ".00", ".5"])}`;
      const records = Array.from(
        { length: 3_000 },
        () =>
          recordOf(`client${random.below(40)}`, small(), {
            heard: {
              seconds: random.below(3),
              nanoseconds: random.below(2) * 500_000_000,
            },
            attributes: random.pick([
              "",
              "accuracy=1",
              "accuracy=12",
              "tid=\xff",
            ]),
            position: random.pick(["+1+1", "+1+2"]),
          }),
      );
      await append(
        store,
        batchOf(...records),
      );
      const reports = records.map((record) => parseReport(record, () => true)!);
      const byClient = Map.groupBy(reports, ({ client }) => client);
      const rows = await server.query(
        `SELECT client_text, encode(line, 'hex'), encode(attributes, 'hex')
         FROM herd.newest WHERE client_text ~ '^client[0-9]+$'`,
      );
      assertEquals(rows.length, byClient.size);
      for (const [client, line, attributes] of rows) {
        const sorted = byClient.get(client!)!.sort(compareReports);
        const newest = sorted.at(-1)!;
        const found = [line, attributes].map((hex) => {
          const bytes = Uint8Array.fromHex(hex!);
          return decodeBytes(bytes, 0, bytes.length);
        });
        assertEquals(found, [newest.line, newest.attributes]);
        const unique = [...new Set(sorted.map(({ record }) => record))];
        assertEquals(await readAll(store, client!), unique);
        assertEquals(
          await readAll(store, client!, { isNewestFirst: true, limit: 7 }),
          unique.toReversed(),
        );
      }
    });
    try {
      await assertProperty(agree, { numRuns: 1 });
    } finally {
      await store.stop();
    }
  });

  await step(
    "a range is read page by page, and a false cursor is refused",
    async () => {
      const store = await open(server);
      try {
        const records = Array.from(
          { length: 10 },
          (_, index) => recordOf("ranged", `${index}.5`),
        );
        await append(
          store,
          batchOf(...records),
        );
        const range = {
          client: "ranged",
          from: { seconds: 2, nanoseconds: 500_000_000 },
          to: { seconds: 8, nanoseconds: 499_999_999 },
          limit: 4,
        };
        const first = await store.read(range);
        assertEquals(first.records, records.slice(2, 6));
        const second = await store.read({ ...range, cursor: first.next });
        assertEquals(second, { records: records.slice(6, 8), next: undefined });
        const few = await store.read({ ...range, maxBytes: 1 });
        assertEquals(few.records, records.slice(2, 3));
        const before = { seconds: 4, nanoseconds: 0 };
        const at = {
          client: "ranged",
          to: before,
          isNewestFirst: true,
          limit: 1,
        };
        assertEquals((await store.read(at)).records, [records[3]]);
        for (const cursor of ["", "!", "AAAA", "💥"]) {
          await assertRejects(
            () => store.read({ ...range, cursor }),
            RangeError,
          );
        }
        await assertRejects(
          () => store.read({ ...range, client: "other", cursor: first.next }),
          RangeError,
        );
      } finally {
        await store.stop();
      }
    },
  );

  await step(
    "10,000 distinct days make as many partitions as days are kept",
    async () => {
      const days = 30;
      const before = await partitions(server);
      const history = await openPostgresHistory({
        ...optionsFor(server),
        days,
      });
      try {
        for (let day = today - 9_998; day <= today + 1; day++) {
          const record = recordOf("days", day * 86_400);
          history.record(parseReport(record, () => true)!);
        }
        await until(() => history.state.waitingRecords === 0);
        const { recordedRecords, refusedRecords } = history.state;
        // A report from the future counts when it was heard.
        assertEquals([recordedRecords, refusedRecords], [days + 2, 9_968]);
        await until(async () => await partitions(server) === days + 1);
        assert(before > 1, "there were partitions of other days");
      } finally {
        await history.stop();
      }
    },
  );

  await step(
    "old days that are being read are dropped later, and reports are inserted meanwhile",
    async () => {
      await using reading = disposable(await server.connect());
      await server.query(`SELECT herd.add_day(${today - 5})`);
      await reading.run({ text: "BEGIN" });
      await reading.run({ text: "SELECT count(*) FROM herd.reports" });
      const store = await open(server);
      try {
        const before = await partitions(server);
        await store.retain(today);
        assertEquals(await partitions(server), before);
        await append(store, batchOf(recordOf("meanwhile")));
        assertEquals(store.state.fault, null);
        await reading.run({ text: "ROLLBACK" });
        await store.retain(today);
        assert(await partitions(server) < before, "nothing was dropped");
      } finally {
        await store.stop();
      }
    },
  );

  await step("a future day is refused", async () => {
    const store = await open(server);
    try {
      const later = { seconds: (today + 3) * 86_400, nanoseconds: 0 };
      await append(
        store,
        batchOf(recordOf("later", later.seconds, { heard: later })),
      );
      assertEquals(store.state.refusedRecords, 1);
    } finally {
      await store.stop();
    }
  });

  await step(
    "a server's role may insert and read, and do nothing else",
    async () => {
      await using connection = disposable(
        await server.connect({ user: "campus", password: "writer's password" }),
      );
      await connection.run({ text: "SELECT count(*) FROM herd.newest" });
      for (
        const text of [
          "DELETE FROM herd.reports",
          "UPDATE herd.reports SET server = 'Eve'",
          "TRUNCATE herd.reports",
          "DROP TABLE herd.reports",
          "CREATE TABLE herd.mine ()",
          "INSERT INTO herd.migrations (version) VALUES (2)",
          "ALTER FUNCTION herd.forget OWNER TO campus",
        ]
      ) {
        const error = await assertRejects(
          () => connection.run({ text }),
          DatabaseError,
        );
        assertEquals(error.code, "42501", `${text}: ${error.message}`);
      }
      await assertRejects(
        () =>
          connection.run({
            text: `SELECT herd.drop_days_before(${today + 1})`,
          }),
        DatabaseError,
        "only days that are over",
      );
    },
  );

  await step(
    "a role without the right to insert is refused in one line",
    async () => {
      await server.query(
        "CREATE ROLE dispatcher LOGIN PASSWORD 'dispatcher' IN ROLE herd_reader",
      );
      await assertRejects(
        () => open(server, { user: "dispatcher", password: "dispatcher" }),
        SetupError,
        "permission denied for table reports",
      );
    },
  );

  await step(
    "FORGET deletes the reports that were heard until a time",
    async () => {
      const store = await open(server);
      try {
        const late = { seconds: now.seconds, nanoseconds: now.nanoseconds + 1 };
        const kept = recordOf("forgotten", 7, { heard: late });
        await append(
          store,
          batchOf(
            recordOf("forgotten", 5),
            recordOf("forgotten", 6),
            kept,
            recordOf("other", 5),
          ),
        );
        assertEquals(await store.forget("forgotten", now), 2);
        assertEquals(await readAll(store, "forgotten"), [kept]);
        assertEquals((await readAll(store, "other")).length, 1);
      } finally {
        await store.stop();
      }
    },
  );

  await step("TLS checks the certificate", async () => {
    const store = await open(server, { isEncrypted: true, authority });
    try {
      await append(
        store,
        batchOf(recordOf("encrypted")),
      );
      const [[encrypted]] = await server.query(
        `SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
         WHERE application_name = 'herd Hill' AND ssl`,
      );
      assertEquals(encrypted, "1");
    } finally {
      await store.stop();
    }
    // Not a reason to refuse the start: it may be a machine between.
    const untrusted = await open(server, { isEncrypted: true });
    assertEquals(untrusted.state.fault?.includes("certificate"), true);
    await untrusted.stop();
  });

  await step("a newer schema is refused in one line", async () => {
    await server.query("INSERT INTO herd.migrations (version) VALUES (2)");
    try {
      await assertRejects(
        () => open(server),
        SetupError,
        "the database has schema version 2, and this program knows versions " +
          "up to 1: use a newer program",
      );
      await using connection = disposable(await server.connect());
      await assertRejects(
        () => migrate(connection),
        DatabaseError,
        "version 2",
      );
    } finally {
      await server.query("DELETE FROM herd.migrations WHERE version = 2");
    }
  });

  await step(
    "a database that is killed and restarted under load loses nothing",
    async () => {
      await using folder = await temporaryFolder();
      let store = await open(server, { spoolFolder: folder.path });
      let sent = 0;
      const load = async (batches: number) => {
        for (let count = 0; count < batches; count++) {
          const records = Array.from(
            { length: 200 },
            () => recordOf("load", `${sent++}.25`),
          );
          await store.append(batchOf(...records));
        }
      };
      const restart = async (whileDown: () => Promise<void>) => {
        const loading = load(30);
        await server.stop();
        await loading;
        await whileDown();
        await server.start();
      };
      await restart(() => load(5));
      await until(() => store.state.spoolBytes === 0);
      const { knownRecords, recordedRecords } = store.state;
      assertEquals(recordedRecords + knownRecords, sent);
      // The same with a stop of the server while the database is down.
      await restart(async () => {
        await load(5);
        await store.stop();
        store = await open(server, { spoolFolder: folder.path });
        await load(5);
        assertEquals(
          await store.forget("nobody", now).catch(() => "down"),
          "down",
        );
      });
      await until(() => store.state.spoolBytes === 0);
      assertEquals(await countOf(server, "load"), sent);
      assertEquals(store.state.fault, null);
      await store.stop();
    },
  );

  await step("a database that hangs delays no batch for long", async () => {
    const store = await open(server);
    await store.append(batchOf(recordOf("hang", 1)));
    await server.freeze("SIGSTOP");
    try {
      await store.append(batchOf(recordOf("hang", 2)));
      await store.append(batchOf(recordOf("hang", 3)));
      assertEquals(store.state.waitingRecords, 2);
    } finally {
      await server.freeze("SIGCONT");
    }
    await until(() => store.state.waitingRecords === 0);
    assertEquals(await countOf(server, "hang"), 3);
    assertEquals(store.state.recordedRecords, 3);
    await store.stop();
  });
});
