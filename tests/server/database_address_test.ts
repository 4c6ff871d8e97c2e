import { SetupError } from "../../runtime/setup_error.ts";
import {
  findPassword,
  formatDatabaseAddress,
  parseDatabaseAddress,
} from "../../server/settings/database.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const test = (name: string, fn: () => void) =>
  Deno.test({ name, permissions: "none", fn });

test("an address names host, port, database and user", () => {
  assertEquals(
    parseDatabaseAddress("postgres://campus@db.example:6543/herd"),
    {
      host: "db.example",
      port: 6543,
      database: "herd",
      user: "campus",
      isEncrypted: true,
    },
  );
  const local = parseDatabaseAddress("postgresql://a%40b@[::1]/my%20herd");
  assertEquals(local, {
    host: "::1",
    port: 5432,
    database: "my herd",
    user: "a@b",
    isEncrypted: false,
  });
  assertEquals(
    formatDatabaseAddress(local),
    "postgres://a%40b@[::1]:5432/my%20herd",
  );
});

test("a connection beyond this machine is encrypted, unless it is disabled", () => {
  const isEncrypted = (address: string) =>
    parseDatabaseAddress(address).isEncrypted;
  assertEquals(isEncrypted("postgres://a@127.0.0.1/b"), false);
  assertEquals(
    isEncrypted("postgres://a@127.0.0.1/b?sslmode=verify-full"),
    true,
  );
  assertEquals(isEncrypted("postgres://a@10.0.0.1/b"), true);
  assertEquals(isEncrypted("postgres://a@10.0.0.1/b?sslmode=disable"), false);
});

test("an address that is not whole is refused, and not repeated", () => {
  for (
    const [address, reason] of [
      ["postgres://a:s3cret@host/b", "has a password in it"],
      ["postgres://host/b", "has to be postgres://USER@HOST:PORT/DATABASE"],
      ["postgres://s3cret@host", "has to be"],
      ["postgres://s3cret@/b", "has to be"],
      ["postgres://s3cret%@host/b", "has to be"],
      ["postgres:s3cret", "has to be"],
      ["postgres://a@host/b?sslmode=require", "verify-full or disable"],
      ["postgres://a@host/b?password=s3cret", "takes sslmode only"],
    ]
  ) {
    const error = assertThrows(
      () => parseDatabaseAddress(address),
      SetupError,
      reason,
    );
    assertEquals(error.message.includes("s3cret"), false, address);
  }
});

const address = parseDatabaseAddress("postgres://campus@127.0.0.1/herd");

test("the first line of a password file that fits counts", () => {
  const find = (...lines: string[]) =>
    findPassword(lines.join("\n"), "file", address);
  assertEquals(find("127.0.0.1:5432:herd:campus:right"), "right");
  assertEquals(
    find(
      "# a comment",
      "",
      "127.0.0.1:5432:herd:other:wrong",
      "127.0.0.1:1:herd:campus:wrong",
      "*:*:*:campus:right\r",
      "*:*:*:*:wrong",
    ),
    "right",
  );
  assertEquals(find("*:*:*:*:a\\:b\\\\c"), "a:b\\c");
});

test("a password file without a fitting line is named, without its text", () => {
  for (
    const [text, reason] of [
      ["", "expected a line 127.0.0.1:5432:herd:campus:PASSWORD"],
      ["*:*:*:other:s3cret", "expected a line"],
      [
        "*:*:*:other:s3cret\ns3cret",
        "HOST:PORT:DATABASE:USER:PASSWORD in entry 2",
      ],
    ]
  ) {
    const error = assertThrows(
      () => findPassword(text, "passwords", address),
      SetupError,
      reason,
    );
    assertEquals(error.message.startsWith("passwords: "), true);
    assertEquals(error.message.includes("s3cret"), false);
  }
});
