import fc from "../../fast_check.ts";
import { maxLineIds, maxListedReports } from "../../../peers/limits.ts";
import {
  formatMessage,
  type Message,
  parseMessage,
} from "../../../peers/replication/messages.ts";
import {
  formatNode,
  leavesBelow,
  parseNode,
} from "../../../peers/store/digest_tree.ts";
import { maxLineBytes } from "../../../protocol/limits.ts";
import { assert, assertEquals } from "../../assert.ts";
import { assertProperty } from "../../property.ts";

const isServer = (name: string) => name === "Hill";

const number53 = fc.nat(Number.MAX_SAFE_INTEGER);
const node = fc.nat(69_904);
const ids = fc.array(
  fc.record({ leaf: fc.nat(65_535), fingerprint: number53 }),
  { minLength: 1 },
);

/** Reports below a node. */
function reportsBelow(node: number, maxLength: number) {
  const [min, max] = leavesBelow(node);
  return fc.array(
    fc.record({
      leaf: fc.integer({ min, max }),
      client: number53,
      fingerprint: number53,
      seconds: fc.nat(999_999_999_999_999),
    }),
    { maxLength },
  );
}

const hexadecimalKey = fc.string({
  unit: fc.constantFrom(..."0123456789abcdef"),
  minLength: 32,
  maxLength: 32,
});

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.constantFrom<Message>(
    { verb: "PING" },
    { verb: "SYNC" },
    { verb: "SYNCED" },
  ),
  fc.constant<Message>({ verb: "PRUNE", server: "Hill" }),
  fc.constant<Message>({ verb: "GRAFT", server: "Hill" }),
  fc.record({ verb: fc.constantFrom("HAVE" as const, "WANT"), ids }),
  fc.record({
    verb: fc.constant("HORIZON" as const),
    time: fc.record({
      seconds: fc.nat(999_999_999_999_999),
      nanoseconds: fc.nat(999_999_999),
    }),
  }),
  fc.record({
    verb: fc.constant("DIGEST" as const),
    node: fc.nat(4_368),
    digests: fc.array(number53, { minLength: 16, maxLength: 16 }),
  }),
  fc.nat(4_368).chain((node) =>
    fc.record({
      verb: fc.constant("LIST" as const),
      node: fc.constant(node),
      reports: reportsBelow(node, maxListedReports),
    })
  ),
  fc.integer({ min: 4_369, max: 69_904 }).chain((node) =>
    fc.record({
      verb: fc.constantFrom("LIST" as const, "PART"),
      node: fc.constant(node),
      reports: reportsBelow(node, 40),
    })
  ),
  fc.record({ verb: fc.constant("TREE" as const), key: hexadecimalKey }),
  fc.record({
    verb: fc.constantFrom("ECHO" as const, "ECHOED"),
    number: fc.nat(999_999_999_999_999),
  }),
  fc.constantFrom<Message>(
    { verb: "OPTIONAL", line: "+A" },
    { verb: "OPTIONAL", line: "+STATUS-2  any \xff bytes" },
  ),
);

Deno.test({
  name: "parseMessage() parses what formatMessage() returns",
  permissions: "none",
  fn() {
    assertProperty(fc.property(message, (message) => {
      const line = formatMessage(message);
      assertEquals(parseMessage(line, isServer), message);
    }));
  },
});

Deno.test({
  name: "parseMessage() refuses invalid lines",
  permissions: "none",
  fn() {
    const digests = " 0".repeat(15);
    for (
      const line of [
        "",
        "ping",
        "PING ",
        " PING",
        "PING 1",
        "AT",
        "IAMAT kiwi +1+1 1",
        "SYNC ",
        "SYNC 1",
        "SYNCED 1",
        "sync",
        "PRUNE",
        "PRUNE ",
        "PRUNE Mallory",
        "GRAFT Mallory",
        "PRUNE Hill Hill",
        "HORIZON",
        "HORIZON -1",
        "HORIZON 1e9",
        "HORIZON Infinity",
        "HAVE",
        "HAVE ",
        "HAVE 123",
        `HAVE ${"0".repeat(18)} `,
        `HAVE ${"0".repeat(17)}G`,
        `HAVE ${"0".repeat(17)}A`,
        `HAVE 0000${"f".repeat(14)}`,
        `HAVE ${"0".repeat(19)}`,
        "WANT",
        "DIGEST",
        `DIGEST - ${digests}`,
        `DIGEST -${digests}`,
        `DIGEST -${digests} 0 0`,
        `DIGEST -${digests} x`,
        `DIGEST -${digests} ${"f".repeat(14)}`,
        `DIGEST 00000${digests} 0`,
        // A leaf has no children.
        `DIGEST 0000${digests} 0`,
        "LIST",
        "LIST g",
        "LIST - ",
        `LIST - ${"0".repeat(32)}`,
        `LIST - ${"0".repeat(32)}${"f".repeat(20)}`,
        `LIST - ${"0".repeat(32)}-1`,
        `LIST - ${"0".repeat(32)}${"0".repeat(14)}`,
        `LIST - 0000${"f".repeat(14)}${"0".repeat(15)}`,
        `LIST - ${"0".repeat(18)}${"f".repeat(14)}0`,
        // Only a leaf has many reports, and only its own.
        `LIST 1 ${"0".repeat(33)}`,
        `LIST 0000 ${"1".repeat(33)}`,
        `LIST 000${` ${"0".repeat(33)}`.repeat(maxListedReports + 1)}`,
        `LIST 0000${` ${"0".repeat(33)}`.repeat(maxLineIds + 1)}`,
        `WANT${` ${"0".repeat(18)}`.repeat(maxLineIds + 1)}`,
        "PART -",
        "PART 000",
        "TREE",
        `TREE ${"0".repeat(31)}`,
        `TREE ${"0".repeat(33)}`,
        `TREE ${"A".repeat(32)}`,
        `TREE ${"0".repeat(32)} `,
        "ECHO",
        "ECHO -1",
        "ECHO 1.5",
        `ECHO ${"1".repeat(16)}`,
        "ECHOED ",
        "+",
        "+ A",
        "+a",
        `+${"A".repeat(33)}`,
        "++A",
      ]
    ) {
      assertEquals(parseMessage(line, isServer), undefined, line);
    }
  },
});

Deno.test({
  name: "formatMessage() writes horizons with nine decimals",
  permissions: "none",
  fn() {
    for (
      const [seconds, nanoseconds, text] of [
        [0, 0, "0.000000000"],
        [0, 1, "0.000000001"],
        [1520023934, 918_963_997, "1520023934.918963997"],
        [999_999_999_999_999, 999_999_999, "999999999999999.999999999"],
      ] as const
    ) {
      const time = { seconds, nanoseconds };
      const line = formatMessage({ verb: "HORIZON", time });
      assertEquals(line, `HORIZON ${text}`);
      assertEquals(parseMessage(line, isServer), { verb: "HORIZON", time });
    }
    assertEquals(
      parseMessage("HORIZON 7.1234567899", isServer),
      {
        verb: "HORIZON",
        time: { seconds: 7, nanoseconds: 123_456_789 },
      },
    );
  },
});

Deno.test({
  name: "formatMessage() keeps the longest messages below the line limit",
  permissions: "none",
  fn() {
    const id = { leaf: 65_535, fingerprint: Number.MAX_SAFE_INTEGER };
    const summary = {
      leaf: 65_535,
      client: Number.MAX_SAFE_INTEGER,
      fingerprint: Number.MAX_SAFE_INTEGER,
      seconds: 999_999_999_999_999,
    };
    const messages: Message[] = [
      { verb: "HAVE", ids: Array(maxLineIds).fill(id) },
      { verb: "PART", node: 69_904, reports: Array(maxLineIds).fill(summary) },
    ];
    for (const message of messages) {
      assert(formatMessage(message).length <= maxLineBytes);
    }
  },
});

Deno.test({
  name: "formatNode() writes the digits from the root down",
  permissions: "none",
  fn() {
    assertEquals(formatNode(0), "-");
    assertEquals(formatNode(1), "0");
    assertEquals(formatNode(16), "f");
    assertEquals(formatNode(17), "00");
    assertEquals(formatNode(69_904), "ffff");
    assertProperty(fc.property(node, (node) => {
      assertEquals(parseNode(formatNode(node)), node);
    }));
  },
});
