import { answerHistory } from "../../admin/history.ts";
import {
  type HistoryAddress,
  type PastQuery,
  readHistories,
} from "../../history/ports.ts";
import { assertEquals } from "../assert.ts";
import { historySite, MemoryHistory } from "../fakes/memory_history.ts";

/** A server's history, asked as by HTTP. */
function portOf(name: string, history: MemoryHistory): HistoryAddress {
  const site = { ...historySite(history), server: name };
  return {
    name,
    fetch: (path) => answerHistory(`http://127.0.0.1${path}`, site),
  };
}

/** A port with one answer. */
function answering(name: string, text: string, status = 200): HistoryAddress {
  return {
    name,
    fetch: () => Promise.resolve(new Response(text, { status })),
  };
}

const at = (server: string, time: number | string, rest = "") =>
  `AT ${server} +0.500000000 kiwi +1.0-${time} ${time}${rest}`;

/** What the ports give, and what is said about silent ones. */
async function ask(
  ports: readonly HistoryAddress[],
  query: Partial<PastQuery> = {},
): Promise<{ records: string[]; silent: string[] }> {
  const silent: string[] = [];
  const records = await Array.fromAsync(
    readHistories(ports, { id: "kiwi", ...query }, ({ name }, reason) => {
      silent.push(`${name}: ${reason}`);
    }),
  );
  return { records, silent };
}

Deno.test({
  name: "readHistories() merges pages of all servers, the oldest record first",
  permissions: "none",
  async fn() {
    const hill = new MemoryHistory([1, 4, 5, 9].map((n) => at("Hill", n)));
    const smith = new MemoryHistory(
      [2, 3, 6, 7].map((n) => at("Smith", n, " accuracy=4")),
    );
    hill.maxRecords = 2;
    smith.maxRecords = 3;
    const ports = [portOf("Hill", hill), portOf("Smith", smith)];
    const expected = [1, 2, 3, 4, 5, 6, 7, 9].map((n) =>
      [2, 3, 6, 7].includes(n) ? at("Smith", n, " accuracy=4") : at("Hill", n)
    );
    assertEquals(await ask(ports), { records: expected, silent: [] });
    assertEquals(hill.queries.length, 2);
    assertEquals(smith.queries.length, 2);
    assertEquals(
      (await ask(ports, { from: "3", to: "6.0" })).records,
      expected.slice(2, 6),
    );
  },
});

Deno.test({
  name:
    "readHistories() gives the last position of all servers at or before a time",
  permissions: "none",
  async fn() {
    const ports = [
      portOf("Hill", new MemoryHistory([1, 6].map((n) => at("Hill", n)))),
      portOf("Smith", new MemoryHistory([2, 8].map((n) => at("Smith", n)))),
      portOf("Campbell", new MemoryHistory([])),
    ];
    const [one, two, six] = [at("Hill", 1), at("Smith", 2), at("Hill", 6)];
    for (
      const [time, expected] of [
        ["0.9", []],
        ["1", [one]],
        ["5.999999999", [two]],
        ["7", [six]],
        ["1000", [at("Smith", 8)]],
      ] as const
    ) {
      assertEquals(await ask(ports, { at: time }), {
        records: [...expected],
        silent: [],
      });
    }
  },
});

Deno.test({
  name: "readHistories() gives a client, time and position once",
  permissions: "none",
  async fn() {
    // Smith has heard the report again, a second later.
    const again = "AT Smith +1.500000000 kiwi +1.0-5 5";
    const elsewhere = "AT Smith +1.500000000 kiwi +1.0-7 5";
    const ports = [
      portOf("Smith", new MemoryHistory([again, elsewhere])),
      portOf("Hill", new MemoryHistory([at("Hill", 5), at("Hill", 6)])),
    ];
    assertEquals((await ask(ports)).records, [
      at("Hill", 5),
      elsewhere,
      at("Hill", 6),
    ]);
  },
});

Deno.test({
  name: "readHistories() says which servers do not answer, and why",
  permissions: "none",
  async fn() {
    const page = (record: string) =>
      JSON.stringify({ server: "Odd", records: [{ at: record }], next: null });
    const cases: [HistoryAddress, string][] = [
      [
        {
          name: "Down",
          fetch: () => {
            const cause = "client error (Connect): refused";
            return Promise.reject(new TypeError("error", { cause }));
          },
        },
        "cannot connect",
      ],
      [
        {
          name: "Slow",
          fetch: () =>
            Promise.reject(new DOMException("signal", "TimeoutError")),
        },
        "no answer in 10000 ms",
      ],
      [answering("Web", "<html>"), "is not an administration port"],
      [answering("Null", "null"), "is not an administration port"],
      [
        answering("Old", "not found\n", 404),
        "not found",
      ],
      [
        answering("Odd", '{"server":"Hill","records":[]}'),
        "another server answers: Hill",
      ],
      [
        answering("Odd", page("AT Hill +0.5 kiwi +1-2 5")),
        "it has sent a record that is not valid",
      ],
      [
        answering("Odd", page("AT Hill +0.500000000 pear +1-2 5")),
        "it has sent a record that is not valid",
      ],
      [
        answering("Odd", '{"server":"Odd","records":[null],"next":null}'),
        "it has sent a record that is not valid",
      ],
    ];
    const hill = portOf("Hill", new MemoryHistory([at("Hill", 5)]));
    for (const [port, reason] of cases) {
      assertEquals(await ask([port, hill]), {
        records: [at("Hill", 5)],
        silent: [`${port.name}: ${reason}`],
      });
    }
    const broken = new MemoryHistory([]);
    broken.fault = "the disk is away";
    assertEquals((await ask([portOf("Smith", broken)])).silent, [
      "Smith: the history cannot be read now: the disk is away",
    ]);
  },
});

Deno.test({
  name: "readHistories() ends if a server repeats a page for ever",
  permissions: "none",
  async fn() {
    const text = JSON.stringify({
      server: "Odd",
      records: [{ at: at("Odd", 5) }],
      next: "again",
    });
    assertEquals(await ask([answering("Odd", text)]), {
      records: [at("Odd", 5)],
      silent: ["Odd: its records are not in order"],
    });
  },
});

Deno.test({
  name: "readHistories() keeps all bytes of an ID",
  permissions: "none",
  async fn() {
    const record = "AT Hill +0.500000000 \xff\x00\\x41é +1-2 5 tid=\xff";
    const id = "\\xff\\x00\\\\x41\\xe9";
    const port: HistoryAddress = {
      name: "Hill",
      fetch: (path) => {
        assertEquals(
          path,
          `/history.json?id=${encodeURIComponent(id)}`,
        );
        const found = {
          at: "AT Hill +0.500000000 \\xff\\x00\\\\x41\\xe9 +1-2 5",
          attributes: "tid=\\xff",
        };
        const page = { server: "Hill", records: [found], next: null };
        return Promise.resolve(new Response(JSON.stringify(page)));
      },
    };
    assertEquals((await ask([port], { id })).records, [record]);
  },
});
