import { createPaint } from "../../cli/paint.ts";
import { showReply } from "../../commands/show_reply.ts";
import { bytesOfText } from "../../protocol/bytes.ts";
import { assert, assertEquals } from "../assert.ts";

const line =
  "AT Hill +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997";

const screen = {
  paint: createPaint(false),
  columns: 60,
  nowSeconds: 1_520_023_934.918963997 + 0.263873386 + 7_300,
};

const explained = `  client          kiwi.cs.ucla.edu
  position        34.068930° N, 118.445127° W
  received by     Hill, 2 hours ago
  client's time   2018-03-02 20:52:14.918Z
  client's clock  0.264 seconds behind the server's`;

const place = (name: string, lat: number, lng: number, vicinity?: string) => ({
  name,
  vicinity,
  geometry: { location: { lat, lng } },
});

const answer = (results: unknown, status = "OK") => ({
  line,
  text: bytesOfText(JSON.stringify({
    html_attributions: ['Places by <a href="https://x/">GeoNames</a> &amp; Co'],
    results,
    status,
  })),
});

Deno.test({
  name: "showReply() explains the fields of an AT line",
  permissions: "none",
  fn() {
    const request = "IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 now";
    assertEquals(
      showReply(request, { line, text: "" }, screen),
      `${line}\n${explained}`,
    );
    const later = { ...screen, nowSeconds: 1_520_023_930 };
    const ahead = "AT Hill -130.000000000 k +0-0 1520024130";
    const south =
      "AT Hill -999998479976139.000000000 k -1.50+180 999999999999999";
    const rows = (line: string) =>
      showReply("", { line, text: "" }, later).split("\n").slice(2);
    assertEquals(rows(ahead), [
      "  position        0° N, 0° W",
      "  received by     Hill, 70.0 seconds from now",
      "  client's time   2018-03-02 20:55:30.000Z",
      "  client's clock  2 minutes ahead of the server's",
    ]);
    assertEquals(rows(south), [
      "  position        1.50° S, 180° E",
      "  received by     Hill, 70.0 seconds ago",
      "  client's time   past the end of the calendar",
      "  client's clock  31,688,039 years ahead of the server's",
    ]);
  },
});

Deno.test({
  name: "showReply() lists places in their order, with distances and credits",
  permissions: "none",
  fn() {
    const request = "WHATSAT kiwi.cs.ucla.edu 10 2";
    const reply = answer([
      place("Bel Air", 34.08334, -118.44869, "California, United States"),
      place("Westwood", 34.05612, -118.43063),
    ]);
    assertEquals(
      showReply(request, reply, screen),
      `${line}
${explained}
  2 places
  1  Bel Air   California, United States  1.6 km
  2  Westwood                             2.0 km
  Places by GeoNames & Co`,
    );
    const lines = (reply: { line: string; text: string }) =>
      showReply(request, reply, screen).split("\n").slice(6);
    const credit = "  Places by GeoNames & Co";
    assertEquals(lines(answer([])), ["  no places", credit]);
    assertEquals(lines(answer([], "ZERO_RESULTS")), ["  no places", credit]);
    assertEquals(lines(answer([], "REQUEST_DENIED")), [
      "  no places: REQUEST_DENIED",
      credit,
    ]);
    const [found] = lines(answer([place("A", 34.06893, -118.445127)]));
    assertEquals(found, "  1 place");
    assertEquals(
      lines(answer([{ name: "Bel Air" }, place("Westwood", 34.05612, -118)])),
      [
        "  2 places",
        "  1  Bel Air           -",
        "  2  Westwood    41.0 km",
        credit,
      ],
    );
    // Text that is not a Nearby Search is shown unchanged.
    assertEquals(lines({ line, text: '{"results":[{}]}' }), [
      '{"results":[{}]}',
    ]);
    assertEquals(lines({ line, text: "oops" }), ["oops"]);
  },
});

Deno.test({
  name: "showReply() shows the syntax of the command with a refusal",
  permissions: "none",
  fn() {
    assertEquals(
      showReply("WHATSAT kiwi 51 1", {
        line: "? WHATSAT kiwi 51 1",
        text: "",
      }, screen),
      `? WHATSAT kiwi 51 1
  the radius 51 is wrong: expected kilometres from 0 to 50, such as 10 or 0.5
  WHATSAT id radius bound`,
    );
    const odd = { line: "220 smtp.example ESMTP", text: "" };
    assertEquals(showReply("", odd, screen), odd.line);
  },
});

Deno.test({
  name: "showReply() escapes all text from the server",
  permissions: "none",
  fn() {
    const evil = "\x1b]0;owned\x07\x9b2J\u202e";
    const bytes = bytesOfText(evil);
    const colours = createPaint(true);
    const replies = [
      { line: line.replace("kiwi", bytes), text: "" },
      { line: line.replace("Hill", bytes), text: "" },
      { line: `? ${bytes}`, text: "" },
      { line: bytes, text: bytes },
      answer([place(evil, 1, 1, evil)], evil),
    ];
    for (const paint of [screen.paint, colours]) {
      for (const reply of replies) {
        const shown = showReply(bytes, reply, { ...screen, paint });
        // deno-lint-ignore no-control-regex
        const plain = shown.replaceAll(/\x1b\[\d+m/g, "").replaceAll("\n", "");
        assert(!/[\p{Cc}\p{Cf}]/u.test(plain), JSON.stringify(plain));
        assert(plain.includes("\\x1b]0;owned\\x07"), plain);
      }
    }
  },
});
