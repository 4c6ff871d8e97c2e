import fc from "../fast_check.ts";
import {
  formatPosition,
  isPosition,
  parsePosition,
} from "../../protocol/position.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";
import { anyPosition } from "./arbitraries.ts";

Deno.test({
  name: "isPosition() accepts signed decimal degrees up to 90 and 180",
  permissions: "none",
  fn() {
    for (
      const text of [
        "+34.068930-118.445127",
        "+34-118",
        "-90+180",
        "+90.000-180.0",
        "+0-0",
        "-0.5+000.25",
      ]
    ) assertEquals(isPosition(text), true, text);
    for (
      const text of [
        "",
        "+34.068930",
        "34.068930-118.445127",
        "+34.068930 -118.445127",
        "+34.0.68930-118.445127",
        "+34.068930-118.445127/",
        "+34.068930-118.445127+10",
        "+3.4e1-118",
        "+90.0000000000000000001-118",
        "+91-118",
        "+34-181",
        "+34-180.0000000000000000001",
        "+-34-118",
        "+34.-118.",
        "+.5-.5",
        "\u221234+118",
      ]
    ) assertEquals(isPosition(text), false, text);
  },
});

Deno.test({
  name: "formatPosition() is the inverse of parsePosition()",
  permissions: "none",
  fn() {
    assertProperty(fc.property(anyPosition, (text) => {
      const position = parsePosition(text);
      assert(position !== undefined);
      assertEquals(formatPosition(position), text);
      assert(Math.abs(Number(position.latitude)) <= 90);
      assert(Math.abs(Number(position.longitude)) <= 180);
    }));
    assertEquals(parsePosition("+34.06-118.4"), {
      latitude: "+34.06",
      longitude: "-118.4",
    });
  },
});
