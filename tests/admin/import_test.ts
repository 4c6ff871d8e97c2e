import { answerImport } from "../../admin/import.ts";
import { maxImportBytes, maxImportRecords } from "../../admin/limits.ts";
import { assertEquals, assertMatch } from "../assert.ts";
import { importSite } from "../fakes/memory_history.ts";

/** A server's history, and a function that imports into it. */
function open({ fault }: { fault?: string } = {}) {
  const added: string[] = [];
  const site = importSite({
    add(records) {
      if (fault !== undefined) return Promise.reject(new Error(fault));
      added.push(...records);
      return Promise.resolve({
        added: records.length,
        known: 0,
        refused: 0,
      });
    },
    // Nothing else of it is read.
    state: { days: 7 } as never,
  });
  const send = async (
    body: string,
    { remote = "127.0.0.1", headers = {}, isOperator = false } = {},
  ) => {
    const request = new Request("http://127.0.0.1:8200/import", {
      method: "POST",
      body,
      headers: { "herd-request": "import", ...headers },
    });
    const response = await answerImport(request, remote, site, isOperator);
    return `${response.status} ${(await response.text()).trim()}`;
  };
  return { added, send };
}

const record = "AT Hill +0.000000000 kiwi +1-2 5";

Deno.test({
  name: "POST /import adds records, and says how many",
  permissions: "none",
  async fn() {
    const { added, send } = open();
    assertEquals(
      await send(`${record}\n${record} accuracy=4\n`),
      '200 {"server":"Hill","added":2,"known":0,"refused":0,"days":7}',
    );
    assertEquals(added, [record, `${record} accuracy=4`]);
    assertMatch(await send(""), /^200 .*"added":0/);
  },
});

Deno.test({
  name: "POST /import adds nothing if a record is wrong, or too many are sent",
  permissions: "none",
  async fn() {
    const { added, send } = open();
    assertEquals(
      await send(`${record}\nIAMAT kiwi +1-2 5\n`),
      "400 record 2 is not valid",
    );
    assertEquals(
      await send(`${record}\n`.repeat(maxImportRecords + 1)),
      `413 expected at most ${maxImportRecords} records`,
    );
    assertEquals(
      await send("x".repeat(maxImportBytes + 1)),
      `413 expected at most ${maxImportBytes} bytes`,
    );
    assertEquals(added, []);
    assertEquals(
      await open({ fault: "the disk is full" }).send(record),
      "503 the history cannot be written now: the disk is full",
    );
  },
});

Deno.test({
  name:
    "POST /import is taken from this machine or from an operator, as POST /forget is",
  permissions: "none",
  async fn() {
    const { added, send } = open();
    for (
      const [options, answer] of [
        [{ remote: "192.0.2.7" }, /^403 records are imported only at/],
        [{ headers: { "x-forwarded-for": "::1" } }, /^403 .*a proxy/],
        [{ headers: { origin: "https://a.test" } }, /^403 pages of other/],
        [{ headers: { "herd-request": "forget" } }, /^403 expected the header/],
      ] as const
    ) {
      assertMatch(await send(record, options), answer);
    }
    assertEquals(added, []);
    const elsewhere = { remote: "192.0.2.7", isOperator: true };
    assertMatch(await send(record, elsewhere), /^200 /);
  },
});
